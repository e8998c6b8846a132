package filesys

import (
	"os"

	"golang.org/x/sys/unix"
)

// Sparse makes a file one whose parts take no disk until they are written: here every file is.
func Sparse(*os.File) {}

// Punch gives a part of a file back to the file system, where that can be done: it reads as zeros
// then.
func Punch(f *os.File, off, length int64) {
	_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, length)
}
