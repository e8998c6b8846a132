package filesys

import (
	"os"
	"syscall"
)

// beginWriting has the kernel begin to write what it has of f.
func beginWriting(f *os.File) {
	const start = 2                                     // SYNC_FILE_RANGE_WRITE: wait for nothing
	_ = syscall.SyncFileRange(int(f.Fd()), 0, 0, start) // only a hint, which some file systems do not take
}
