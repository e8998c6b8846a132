package sqlpages

import (
	"encoding/binary"
	"os"
	"syscall"
)

// The overflow pages of a segment nearly always follow one another in the file, each with the
// number of the next before its data. So one system call can read the wanted part directly to its
// destination, with the page numbers read separately; if the numbers are as expected, it was the
// right data.

// maxPages is how many pages one call reads: each takes two of the 1,024 vector entries that the
// kernel allows.
const maxPages = 500

// vector is the memory of one call of scatter, for reuse.
type vector struct {
	parts   []part
	numbers []byte // of the pages
	skipped []byte // data before the wanted part
}

// rawConn returns the raw connection of f, or nil.
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

// Part fills dst from a raw segment of the given id and length, from within on, and reports whether
// it could.
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
	// They were the row's pages if the pages before lead to them. This is checked afterwards,
	// because the kernel asks for both halves of a segment at once: by now the reader of the first
	// half has done it.
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

// scatter fills dst from the data of a page and the pages after it in the file, skipping the first
// skip bytes. It reports whether the pages also follow one another in the row, and which page comes
// next there.
func (t *Table) scatter(number uint32, skip int, dst []byte) (after uint32, ok bool) {
	each := t.usable - 4
	n := (skip + len(dst) + each - 1) / each
	if t.raw == nil || number == 0 || n > maxPages || t.usable != t.size {
		return 0, false
	}
	v := t.vectors.Get().(*vector)
	defer func() {
		clear(v.parts) // they would keep the callers' memory alive
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
