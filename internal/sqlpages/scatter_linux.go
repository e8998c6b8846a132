package sqlpages

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// part is a piece of memory that a call fills.
type part = unix.Iovec

// add has the call fill b.
func (v *vector) add(b []byte) {
	part := unix.Iovec{Base: &b[0]}
	part.SetLen(len(b))
	v.parts = append(v.parts, part)
}

// preadv is preadv(2) of so many bytes, or false. (unix.Preadv makes a new vector each time.)
func (t *Table) preadv(parts []part, off int64, want int) bool {
	got, errno := uintptr(0), syscall.Errno(0)
	err := t.raw.Control(func(fd uintptr) {
		const half = 32 // what is left of a 64-bit offset for the second word; where words have 64 bits, the kernel ignores that
		got, _, errno = unix.Syscall6(unix.SYS_PREADV, fd, uintptr(unsafe.Pointer(unsafe.SliceData(parts))), uintptr(len(parts)), uintptr(off), uintptr(off>>half), 0)
	})
	return err == nil && errno == 0 && int(got) == want
}
