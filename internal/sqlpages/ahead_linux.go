package sqlpages

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// resident reports whether the kernel has a byte of the file in memory.
func resident(raw syscall.RawConn, at int64) bool {
	got := 0
	err := raw.Control(func(fd uintptr) {
		var b [1]byte
		got, _ = unix.Preadv2(int(fd), [][]byte{b[:]}, at, unix.RWF_NOWAIT)
	})
	return err == nil && got == 1
}

// willNeed has the kernel read. A failure costs nothing but the time of a disk.
func willNeed(raw syscall.RawConn, off, length int64) {
	_ = raw.Control(func(fd uintptr) { _ = unix.Fadvise(int(fd), off, length, unix.FADV_WILLNEED) })
}
