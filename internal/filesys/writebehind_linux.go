package filesys

import (
	"os"
	"syscall"
)

// beginWriting makes the kernel start writing the cached pages of f.
func beginWriting(f *os.File) {
	const start = 2 // SYNC_FILE_RANGE_WRITE: do not wait
	// only a hint, which some file systems ignore
	_ = syscall.SyncFileRange(int(f.Fd()), 0, 0, start)
}
