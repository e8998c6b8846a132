package mbtiles

import (
	"os"

	"golang.org/x/sys/unix"
)

// writeBack asks the kernel to begin with taking a part of f to the disk. It does not wait; that it may fail does not matter.
func writeBack(f *os.File, from, to int64) {
	_ = unix.SyncFileRange(int(f.Fd()), from, to-from, unix.SYNC_FILE_RANGE_WRITE)
}
