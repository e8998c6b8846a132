//go:build unix

package filesys

import (
	"io/fs"
	"syscall"
)

// OnDisk returns how much of the disk a file takes, which of a sparse one is less than its length.
func OnDisk(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Blocks * 512
	}
	return info.Size()
}
