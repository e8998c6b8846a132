package mbtiles

import (
	"encoding/binary"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A segment's row goes on over pages that nearly always follow one another in the file, each with the number of the next before its data. So what is wanted of
// it can be read by one system call straight to where it is wanted, the numbers aside, and is what was wanted if the numbers say so.

// maxPages is how many pages one call reads: each takes two places of the 1,024 that the kernel has.
const maxPages = 500

// chains remembers of rows how many of their pages, from the first on, are known to follow one another. Safe for concurrent use.
type chains struct {
	mu    sync.Mutex
	known map[int64]int
}

// maxChains bounds what is remembered, to some megabytes.
const maxChains = 1 << 16

func (c *chains) get(id int64) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[id]
}

func (c *chains) set(id int64, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxChains {
		c.known = make(map[int64]int)
	}
	c.known[id] = max(n, c.known[id])
}

// rawConn returns what reads f by system calls, or nil.
func rawConn(f file) syscall.RawConn {
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

// part fills dst from a segment of that id and length that is stored as it is, from within on, and reports whether it could.
func (p *pages) part(id int64, length int, dst []byte, within int) bool {
	if p.raw == nil || len(dst) == 0 {
		return false
	}
	scratch := p.bufs.Get().(*[]byte)
	defer p.bufs.Put(scratch)
	*scratch = grow(*scratch, p.size)
	leaf, ok := p.leaf(id, *scratch)
	if !ok {
		return false
	}
	c, ok := p.cell(leaf, id)
	if !ok || c.codec != codecRaw || c.length != length {
		return false
	}
	if within < len(c.local) {
		n := copy(dst, c.local[within:])
		dst, within = dst[n:], within+n
		if len(dst) == 0 {
			return true
		}
	}
	each := p.usable - 4
	at := within - len(c.local)
	first := at / each
	for n := p.chains.get(id); n < first; n++ {
		if next, ok := p.next(c.overflow + uint32(n)); !ok || next != c.overflow+uint32(n)+1 {
			return false
		}
	}
	if _, ok := p.scatter(c.overflow+uint32(first), at%each, dst); !ok {
		return false
	}
	p.chains.set(id, first+(at%each+len(dst)-1)/each)
	return true
}

// next returns the number of the page that follows one in its row.
func (p *pages) next(number uint32) (uint32, bool) {
	var b [4]byte
	if number == 0 {
		return 0, false
	}
	_, err := p.f.ReadAt(b[:], int64(number-1)*int64(p.size))
	return binary.BigEndian.Uint32(b[:]), err == nil
}

// scatter fills dst from the data of a page and those that follow it in the file, skipping so many bytes of the first. It reports whether the pages also follow one
// another in the row, and which page comes after them there.
func (p *pages) scatter(number uint32, skip int, dst []byte) (after uint32, ok bool) {
	each := p.usable - 4
	n := (skip + len(dst) + each - 1) / each
	if p.raw == nil || number == 0 || n > maxPages || p.usable != p.size {
		return 0, false
	}
	scratch := p.bufs.Get().(*[]byte)
	defer p.bufs.Put(scratch)
	*scratch = grow(*scratch, 4*n+skip)
	numbers, skipped := (*scratch)[:4*n], (*scratch)[4*n:]

	parts := make([][]byte, 0, 2*n+1)
	want := 4*n + skip + len(dst)
	for i := range n {
		parts = append(parts, numbers[4*i:][:4])
		room := each
		if i == 0 && skip > 0 {
			parts = append(parts, skipped)
			room -= skip
		}
		room = min(room, len(dst))
		parts = append(parts, dst[:room])
		dst = dst[room:]
	}
	got := 0
	var err error
	if e := p.raw.Control(func(fd uintptr) { got, err = unix.Preadv(int(fd), parts, int64(number-1)*int64(p.size)) }); e != nil || err != nil || got != want {
		return 0, false
	}
	for i := range n {
		after = binary.BigEndian.Uint32(numbers[4*i:])
		if i < n-1 && after != number+uint32(i)+1 {
			return 0, false
		}
	}
	return after, true
}
