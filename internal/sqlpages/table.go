package sqlpages

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
)

// Table reads the rows of one table of a file that is not being written. Safe for concurrent use.
type Table struct {
	f       File
	slack   int    // spare capacity after data that is passed to a decoder
	size    int    // page size
	usable  int    // usable bytes of a page
	root    uint32 // root page of the table
	bufs    sync.Pool
	raw     syscall.RawConn // of f; nil if it has none
	places  places
	vectors sync.Pool    // of *vector
	height  atomic.Int64 // levels of interior pages and 1, if known

	mu       sync.Mutex
	interior map[uint32][]byte // interior pages of the b-tree
}

// File is a file that a Table can read.
type File interface {
	io.ReaderAt
	io.Closer
}

// maxInterior bounds the pages kept in memory: a table of a hundred textures has one, of 100,000
// some thousands.
const maxInterior = 1024

// NewTable reads the table of f whose root is the given page. Data passed to a decoder has slack
// bytes of spare capacity. NewTable returns nil if SQLite should read the table instead. The Table
// closes f.
func NewTable(f File, root int64, slack int) *Table {
	var h [100]byte
	if _, err := f.ReadAt(h[:], 0); err != nil {
		return nil
	}
	size := pageSizeOf(h[:])
	// Page 1 begins with the header of the file; it is never the root of a table here.
	if size == 0 || size-int(h[20]) < 480 || root < 2 ||
		root > math.MaxUint32-1 {
		return nil
	}
	t := &Table{f: f, slack: slack, size: size, usable: size - int(h[20]), root: uint32(root),
		interior: make(map[uint32][]byte), raw: rawConn(f)}
	t.bufs.New = func() any { return new([]byte) }
	t.vectors.New = func() any { return new(vector) }
	return t
}

// Close closes the file.
func (t *Table) Close() error { return t.f.Close() }

// read reads n pages, from a number on, into b.
func (t *Table) read(number uint32, b []byte) bool {
	if number == 0 {
		return false
	}
	_, err := t.f.ReadAt(b, int64(number-1)*int64(t.size))
	return err == nil
}

// Load reads the row id into buf: directly if it is stored raw and has buf's length, otherwise
// through decode, which fills buf from the stored data. It reports whether it could.
func (t *Table) Load(id int64, buf []byte, decode func(codec int64, data []byte) error) bool {
	scratch := t.bufs.Get().(*[]byte)
	defer t.bufs.Put(scratch)
	c, ok := t.find(id, scratch)
	if !ok {
		return false
	}
	if c.codec == Raw {
		return c.length == len(buf) && t.fill(buf, c)
	}
	if c.length > len(buf) { // longer ones waste space but are allowed
		return false
	}
	stored := t.bufs.Get().(*[]byte)
	defer t.bufs.Put(stored)
	*stored = grow(*stored, c.length+t.slack)[:c.length]
	return t.fill(*stored, c) && decode(c.codec, *stored) == nil
}

// Append reads the row id and appends its stored data, of at most most bytes, to memory. It reports
// whether it could.
func (t *Table) Append(memory []byte, id int64, most int) (codec int64, longer []byte, ok bool) {
	scratch := t.bufs.Get().(*[]byte)
	defer t.bufs.Put(scratch)
	c, ok := t.find(id, scratch)
	if !ok || c.length > most {
		return 0, memory, false
	}
	n := len(memory)
	longer = slices.Grow(memory, c.length)[:n+c.length]
	return c.codec, longer, t.fill(longer[n:], c)
}

// find finds the row id. The result lies in scratch.
func (t *Table) find(id int64, scratch *[]byte) (cell, bool) {
	*scratch = grow(*scratch, t.size)
	leaf, ok := t.leaf(id, *scratch)
	if !ok {
		return cell{}, false
	}
	return t.cell(leaf, id)
}

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// leaf reads into buf the leaf that would hold the row id.
func (t *Table) leaf(id int64, buf []byte) ([]byte, bool) {
	const deepest = 20 // SQLite's own limit
	number := t.root
	for range deepest {
		t.mu.Lock()
		b, known := t.interior[number]
		t.mu.Unlock()
		if !known {
			if b = buf; !t.read(number, b) {
				return nil, false
			}
			switch b[0] {
			case leafTable:
				return b, true
			case interiorTable:
				b = append([]byte(nil), b...)
				t.keep(number, b)
			default:
				return nil, false
			}
		}
		var ok bool
		if number, ok = t.child(b, id); !ok {
			return nil, false
		}
	}
	return nil, false
}

func (t *Table) keep(number uint32, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.interior) >= maxInterior {
		clear(t.interior)
	}
	t.interior[number] = b
}

// child returns the page below an interior one that would hold the row id.
func (t *Table) child(b []byte, id int64) (uint32, bool) {
	const header = 12
	// of the cells still to be searched; all later ones have greater keys
	first := int(binary.BigEndian.Uint16(b[3:]))
	if header+2*first > t.usable {
		return 0, false
	}
	next := binary.BigEndian.Uint32(b[8:])
	for low, high := 0, first; low < high; {
		mid := (low + high) / 2
		at := int(binary.BigEndian.Uint16(b[header+2*mid:]))
		if at+4 > t.usable {
			return 0, false
		}
		key, n := Varint(b[at+4 : t.usable])
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

// cell is the location of a row's data.
type cell struct {
	codec    int64
	length   int    // of the data
	local    []byte // the part on the leaf
	overflow uint32 // the first overflow page; 0: none
}

// cell finds a row on its leaf.
func (t *Table) cell(b []byte, id int64) (cell, bool) {
	found, payload := t.findCell(b, id)
	if found == nil {
		return cell{}, false
	}
	_, n := Varint(found)
	_, m := Varint(found[n:])
	return t.parse(found[n+m:], payload)
}

// findCell returns the cell of a row from its beginning to the end of the leaf, and the length of
// its payload; nil if there is none.
func (t *Table) findCell(b []byte, id int64) (cell []byte, payload int64) {
	const header = 8
	low, high := 0, int(binary.BigEndian.Uint16(b[3:]))
	if header+2*high > t.usable {
		return nil, 0
	}
	for low < high {
		mid := (low + high) / 2
		at := int(binary.BigEndian.Uint16(b[header+2*mid:]))
		if at >= t.usable {
			return nil, 0
		}
		rest := b[at:t.usable]
		payload, n := Varint(rest)
		key, m := Varint(rest[n:])
		switch {
		case n == 0 || m == 0:
			return nil, 0
		case key == id:
			return rest, payload
		case key < id:
			low = mid + 1
		default:
			high = mid
		}
	}
	return nil, 0
}

// parse reads a row (id, codec, data) of payload bytes, of which b has the beginning.
func (t *Table) parse(b []byte, payload int64) (c cell, ok bool) {
	if payload < 0 || payload > MaxRow {
		return c, false
	}
	local := localSize(int(payload), t.usable)
	if local < int(payload) {
		if len(b) < local+4 {
			return c, false
		}
		c.overflow = binary.BigEndian.Uint32(b[local:])
	}
	if len(b) < local {
		return c, false
	}
	b = b[:local]
	header, n := Varint(b)
	if n == 0 || header < 4 || header > int64(len(b)) {
		return c, false
	}
	types, body := b[n:header], b[header:]
	idType, n := Varint(types)
	codecType, m := Varint(types[n:])
	dataType, k := Varint(types[n+m:])
	if n == 0 || m == 0 || k == 0 || n+m+k != len(types) || idType != 0 || dataType < 12 ||
		dataType%2 != 0 {
		return c, false
	}
	switch { // 8 and 9 are the constants 0 and 1, which take no bytes; 1 is a one-byte number
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

// fill reads the data of a row into dst, which has its length. Its overflow pages nearly always
// follow one another, so they are read at once, and again only if they do not.
func (t *Table) fill(dst []byte, c cell) bool {
	dst = dst[copy(dst, c.local):]
	if after, ok := t.scatter(c.overflow, 0, dst); ok {
		return after == 0
	}
	scratch := t.bufs.Get().(*[]byte)
	defer t.bufs.Put(scratch)
	each := t.usable - 4
	next := c.overflow
	for run := (len(dst) + each - 1) / each; len(dst) > 0; {
		run = min(run, (len(dst)+each-1)/each)
		*scratch = grow(*scratch, run*t.size)
		number := next
		if !t.read(number, *scratch) {
			return false
		}
		for i := 0; i < run && number+uint32(i) == next; i++ {
			page := (*scratch)[i*t.size:]
			next = binary.BigEndian.Uint32(page)
			dst = dst[copy(dst, page[4:t.usable]):]
		}
		run = 4 // the rest of a scattered row is probably scattered too
	}
	return next == 0
}

// Varint reads SQLite's integers of one to nine bytes. It returns how many bytes it took, or 0 if b
// is too short.
func Varint(b []byte) (v int64, n int) {
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
