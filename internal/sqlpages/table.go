package mbtiles

import (
	"encoding/binary"
	"io"
	"math"
	"sync"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// pages reads segments straight from the b-tree of a file that nobody writes: a few system calls into buffers that are used again, where a query makes
// a system call a page and garbage a segment. It knows as much of SQLite's file format as that takes (https://sqlite.org/fileformat2.html), and leaves
// whatever else it meets to SQLite, which can also say what is wrong with it. Any number of goroutines may use it.
type pages struct {
	f       file
	size    int    // of a page
	usable  int    // of it
	root    uint32 // of the table
	bufs    sync.Pool
	raw     syscall.RawConn // of f; nil where it has none
	places  places
	vectors sync.Pool // of *vector

	mu       sync.Mutex
	interior map[uint32][]byte // pages of the b-tree that are no leaves
}

// file is what pages need of one.
type file interface {
	io.ReaderAt
	io.Closer
}

// maxInterior bounds the pages kept in memory: a hundred textures have one, 100,000 some thousands.
const maxInterior = 1024

// newPages reads the table of f whose root is given. It returns nil where SQLite had better do it.
func newPages(f file, root int64) *pages {
	var h [100]byte
	if _, err := f.ReadAt(h[:], 0); err != nil {
		return nil
	}
	size := int(binary.BigEndian.Uint16(h[16:]))
	if size == 1 {
		size = 65536
	}
	// Page 1 begins with the header of the file; it is never the root of a table of ours.
	if size < 512 || size&(size-1) != 0 || size-int(h[20]) < 480 || root < 2 || root > math.MaxUint32-1 {
		return nil
	}
	p := &pages{f: f, size: size, usable: size - int(h[20]), root: uint32(root), interior: make(map[uint32][]byte), raw: rawConn(f)}
	p.bufs.New = func() any { return new([]byte) }
	p.vectors.New = func() any { return new(vector) }
	return p
}

func (p *pages) close() error { return p.f.Close() }

// read reads n pages from a number on into b, which has the room.
func (p *pages) read(number uint32, b []byte) bool {
	if number == 0 {
		return false
	}
	_, err := p.f.ReadAt(b, int64(number-1)*int64(p.size))
	return err == nil
}

// load reads and decodes a segment into buf, which has its length. It reports whether it could.
func (p *pages) load(want piece, buf []byte, d *decoder) bool {
	scratch := p.bufs.Get().(*[]byte)
	defer p.bufs.Put(scratch)
	*scratch = grow(*scratch, p.size)
	leaf, ok := p.leaf(want.id, *scratch)
	if !ok {
		return false
	}
	c, ok := p.cell(leaf, want.id)
	if !ok {
		return false
	}
	if c.codec == codecRaw {
		return c.length == len(buf) && p.fill(buf, c)
	}
	if c.length > len(buf) { // longer ones only waste room, but may
		return false
	}
	packed := p.bufs.Get().(*[]byte)
	defer p.bufs.Put(packed)
	*packed = grow(*packed, c.length+blocks.Slack)[:c.length]
	return p.fill(*packed, c) && d.decode(segment{c.codec, *packed}, want.shape, buf) == nil
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// leaf finds the leaf on which the row of that id stands, if there is one. The leaf is read into buf.
func (p *pages) leaf(id int64, buf []byte) ([]byte, bool) {
	const (
		interior = 5
		leaf     = 13
		deepest  = 20 // SQLite's own limit
	)
	number := p.root
	for range deepest {
		p.mu.Lock()
		b, known := p.interior[number]
		p.mu.Unlock()
		if !known {
			if b = buf; !p.read(number, b) {
				return nil, false
			}
			switch b[0] {
			case leaf:
				return b, true
			case interior:
				b = append([]byte(nil), b...)
				p.keep(number, b)
			default:
				return nil, false
			}
		}
		var ok bool
		if number, ok = p.child(b, id); !ok {
			return nil, false
		}
	}
	return nil, false
}

func (p *pages) keep(number uint32, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.interior) >= maxInterior {
		clear(p.interior)
	}
	p.interior[number] = b
}

// child returns the page below an interior one under which the row of that id stands.
func (p *pages) child(b []byte, id int64) (uint32, bool) {
	const header = 12
	first := int(binary.BigEndian.Uint16(b[3:])) // of the cells not yet looked at; all after it have greater keys
	if header+2*first > p.usable {
		return 0, false
	}
	next := binary.BigEndian.Uint32(b[8:])
	for low, high := 0, first; low < high; {
		mid := (low + high) / 2
		at := int(binary.BigEndian.Uint16(b[header+2*mid:]))
		if at+4 > p.usable {
			return 0, false
		}
		key, n := varint(b[at+4 : p.usable])
		if n == 0 {
			return 0, false
		}
		if key >= id {
			next, high = binary.BigEndian.Uint32(b[at:]), mid
		} else {
			low = mid + 1
		}
	}
	return next, true
}

// cell is where the data of a row lies.
type cell struct {
	codec    int64
	length   int    // of the data
	local    []byte // how much of it stands on the leaf
	overflow uint32 // the page where it goes on; 0: nowhere
}

// cell finds a row on its leaf.
func (p *pages) cell(b []byte, id int64) (cell, bool) {
	const header = 8
	low, high := 0, int(binary.BigEndian.Uint16(b[3:]))
	if header+2*high > p.usable {
		return cell{}, false
	}
	for low < high {
		mid := (low + high) / 2
		at := int(binary.BigEndian.Uint16(b[header+2*mid:]))
		if at >= p.usable {
			return cell{}, false
		}
		rest := b[at:p.usable]
		payload, n := varint(rest)
		key, m := varint(rest[n:])
		switch {
		case n == 0 || m == 0:
			return cell{}, false
		case key == id:
			return p.parse(rest[n+m:], payload)
		case key < id:
			low = mid + 1
		default:
			high = mid
		}
	}
	return cell{}, false
}

// parse reads a row (id, codec, data) of so many bytes, the first of which b starts with.
func (p *pages) parse(b []byte, payload int64) (c cell, ok bool) {
	if payload < 0 || payload > maxRow {
		return c, false
	}
	// How much of a payload stands on the leaf: section 1.6 of the format's description.
	local := int(payload)
	if most, least := p.usable-35, (p.usable-12)*32/255-23; local > most {
		if local = least + (int(payload)-least)%(p.usable-4); local > most {
			local = least
		}
		if len(b) < local+4 {
			return c, false
		}
		c.overflow = binary.BigEndian.Uint32(b[local:])
	}
	if len(b) < local {
		return c, false
	}
	b = b[:local]
	header, n := varint(b)
	if n == 0 || header < 4 || header > int64(len(b)) {
		return c, false
	}
	types, body := b[n:header], b[header:]
	idType, n := varint(types)
	codecType, m := varint(types[n:])
	dataType, k := varint(types[n+m:])
	if n == 0 || m == 0 || k == 0 || n+m+k != len(types) || idType != 0 || dataType < 12 || dataType%2 != 0 {
		return c, false
	}
	switch { // 8 and 9 are the numbers 0 and 1, which take no bytes; 1 is a number of one byte
	case codecType == 8 || codecType == 9:
		c.codec = codecType - 8
	case codecType == 1 && len(body) > 0:
		c.codec = int64(int8(body[0]))
		body, header = body[1:], header+1
	default:
		return c, false
	}
	c.length, c.local = int(dataType-12)/2, body
	return c, int64(c.length) == payload-header
}

// fill reads the data of a row into dst, which has its length. The pages it goes on nearly always follow one another, so they are read at once, and
// again only where they turn out not to.
func (p *pages) fill(dst []byte, c cell) bool {
	dst = dst[copy(dst, c.local):]
	if after, ok := p.scatter(c.overflow, 0, dst); ok {
		return after == 0
	}
	scratch := p.bufs.Get().(*[]byte)
	defer p.bufs.Put(scratch)
	each := p.usable - 4
	next := c.overflow
	for run := (len(dst) + each - 1) / each; len(dst) > 0; {
		run = min(run, (len(dst)+each-1)/each)
		*scratch = grow(*scratch, run*p.size)
		number := next
		if !p.read(number, *scratch) {
			return false
		}
		for i := 0; i < run && number+uint32(i) == next; i++ {
			page := (*scratch)[i*p.size:]
			next = binary.BigEndian.Uint32(page)
			dst = dst[copy(dst, page[4:p.usable]):]
		}
		run = 4 // the next of a scattered row are unlikely to be many
	}
	return next == 0
}

// varint reads SQLite's integers of one to nine bytes. It returns how many it took, 0 if b ends before the integer does.
func varint(b []byte) (v int64, n int) {
	for n < 8 {
		if n == len(b) {
			return 0, 0
		}
		v = v<<7 | int64(b[n]&0x7f)
		if n++; b[n-1] < 0x80 {
			return v, n
		}
	}
	if n == len(b) {
		return 0, 0
	}
	return v<<8 | int64(b[n]), n + 1
}
