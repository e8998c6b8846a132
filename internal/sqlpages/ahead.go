package sqlpages

import "golang.org/x/sys/unix"

// Cached reports, without waiting, that a row is stored raw and that the kernel has read it
// already, judging by its end.
func (t *Table) Cached(id int64) bool {
	c := t.places.get(id)
	if t.raw == nil || c == nil || c.codec != Raw || c.overflow == 0 {
		return false
	}
	last := int64(c.overflow-1)*int64(t.size) + int64(c.length)
	got := 0
	err := t.raw.Control(func(fd uintptr) {
		var b [1]byte
		got, _ = unix.Preadv2(int(fd), [][]byte{b[:]}, last, unix.RWF_NOWAIT)
	})
	return err == nil && got == 1
}

// Advise has the kernel read a row that is stored raw, and reports whether it is.
func (t *Table) Advise(id int64) bool {
	c := t.place(id)
	if c == nil || c.codec != Raw {
		return false
	}
	if t.raw != nil && c.overflow > 0 {
		// A failure costs nothing but the time of a disk.
		_ = t.raw.Control(func(fd uintptr) {
			_ = unix.Fadvise(int(fd), int64(c.overflow-1)*int64(t.size), int64(c.length), unix.FADV_WILLNEED)
		})
	}
	return true
}
