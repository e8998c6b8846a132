package sqlpages

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// part is a piece of memory that a call fills.
type part = unix.Iovec

// add adds b as a destination.
func (v *vector) add(b []byte) {
	part := unix.Iovec{Base: &b[0]}
	part.SetLen(len(b))
	v.parts = append(v.parts, part)
}

// preadv is preadv(2) of n bytes; it returns false on failure. (unix.Preadv allocates a new vector
// each time.)
func (t *Table) preadv(parts []part, off int64, want int) bool {
	got, errno := uintptr(0), syscall.Errno(0)
	err := t.raw.Control(func(fd uintptr) {
		const half = 32 // the upper half of the offset; ignored on 64-bit systems
		got, _, errno = unix.Syscall6(unix.SYS_PREADV, fd,
			uintptr(unsafe.Pointer(unsafe.SliceData(parts))), uintptr(len(parts)), uintptr(off),
			uintptr(off>>half), 0)
	})
	return err == nil && errno == 0 && int(got) == want
}
