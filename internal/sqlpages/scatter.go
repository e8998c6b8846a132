package sqlpages

import (
	"encoding/binary"
	"os"
	"syscall"
)

// A segment's row goes on over pages that nearly always follow one another in the file, each with
// the number of the next before its data. So what is wanted of it can be read by one system call
// straight to where it is wanted, the numbers aside, and is what was wanted if the numbers say so.

// maxPages is how many pages one call reads: each takes two places of the 1,024 that the kernel
// has.
const maxPages = 500

// vector is what one call of scatter needs, to be used again.
type vector struct {
	parts   []part
	numbers []byte // of the pages
	skipped []byte // what stands before the data that is wanted
}

// rawConn returns what reads f by system calls, or nil.
func rawConn(f File) syscall.RawConn {
	osFile, ok := f.(*os.File)
	if !ok {
		return nil
	}
	raw, err := osFile.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// Part fills dst from a segment of that id and length that is stored as it is, from within on, and
// reports whether it could.
func (t *Table) Part(id int64, length int, dst []byte, within int) bool {
	if t.raw == nil || len(dst) == 0 {
		return false
	}
	c := t.place(id)
	if c == nil || c.codec != Raw || c.length != length {
		return false
	}
	if within < len(c.local) {
		n := copy(dst, c.local[within:])
		dst, within = dst[n:], within+n
		if len(dst) == 0 {
			return true
		}
	}
	each := t.usable - 4
	at := within - len(c.local)
	first := at / each
	if _, ok := t.scatter(c.overflow+uint32(first), at%each, dst); !ok {
		return false
	}
	// Those were the row's pages if the ones before them lead there. That is looked at afterwards,
	// because the kernel asks for both halves of a segment at once: by now whoever reads the first
	// has seen to it.
	for n := c.chained(); n < first; n = max(n+1, c.chained()) {
		if next, ok := t.next(c.overflow + uint32(n)); !ok || next != c.overflow+uint32(n)+1 {
			return false
		}
	}
	c.chain(first + (at%each+len(dst)-1)/each)
	return true
}

// next returns the number of the page that follows one in its row.
func (t *Table) next(number uint32) (uint32, bool) {
	var b [4]byte
	if number == 0 {
		return 0, false
	}
	_, err := t.f.ReadAt(b[:], int64(number-1)*int64(t.size))
	return binary.BigEndian.Uint32(b[:]), err == nil
}

// scatter fills dst from the data of a page and those that follow it in the file, skipping so many
// bytes of the first. It reports whether the pages also follow one another in the row, and which
// page comes after them there.
func (t *Table) scatter(number uint32, skip int, dst []byte) (after uint32, ok bool) {
	each := t.usable - 4
	n := (skip + len(dst) + each - 1) / each
	if t.raw == nil || number == 0 || n > maxPages || t.usable != t.size {
		return 0, false
	}
	v := t.vectors.Get().(*vector)
	defer func() {
		clear(v.parts) // which would keep others' memory
		t.vectors.Put(v)
	}()
	v.numbers, v.skipped, v.parts = grow(v.numbers, 4*n), grow(v.skipped, skip), v.parts[:0]
	want := 4*n + skip + len(dst)
	for i := range n {
		v.add(v.numbers[4*i:][:4])
		room := each
		if i == 0 && skip > 0 {
			v.add(v.skipped)
			room -= skip
		}
		room = min(room, len(dst))
		v.add(dst[:room])
		dst = dst[room:]
	}
	if !t.preadv(v.parts, int64(number-1)*int64(t.size), want) {
		return 0, false
	}
	for i := range n {
		after = binary.BigEndian.Uint32(v.numbers[4*i:])
		if i < n-1 && after != number+uint32(i)+1 {
			return 0, false
		}
	}
	return after, true
}
