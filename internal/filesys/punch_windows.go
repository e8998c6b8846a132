package filesys

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Sparse makes a file one whose parts take no disk until they are written, where the file system
// can: a file of NTFS would have zeros written before what is written first.
func Sparse(f *os.File) { control(f, windows.FSCTL_SET_SPARSE, nil, 0) }

// Punch gives a part of a sparse file back to the file system: it reads as zeros then.
func Punch(f *os.File, off, length int64) {
	zero := struct{ from, to int64 }{off, off + length}
	control(f, windows.FSCTL_SET_ZERO_DATA, (*byte)(unsafe.Pointer(&zero)), uint32(unsafe.Sizeof(zero)))
}

func control(f *os.File, code uint32, in *byte, size uint32) {
	var n uint32
	_ = windows.DeviceIoControl(windows.Handle(f.Fd()), code, in, size, nil, 0, &n, nil)
}
