//go:build !linux && !windows

package filesys

import "os"

// Sparse makes a file one whose parts take no disk until they are written, where that must be asked
// for.
func Sparse(*os.File) {}

// Punch gives a part of a file back to the file system, where that can be done. Here it cannot.
func Punch(*os.File, int64, int64) {}
