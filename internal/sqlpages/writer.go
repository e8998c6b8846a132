package sqlpages

import (
	"encoding/binary"
	"io"
)

// lockPage is the page, at 1 GiB, that SQLite uses for locks; it must stay empty.
const lockPage = 1<<30/PageSize + 1

// Writer writes the rows of the table segments directly into pages at the end of a file that
// nothing else has open: in runs of pages, at the speed of the disk, where SQLite would look up and
// copy every page. It is the counterpart of Table and implements the same part of the file format
// (https://sqlite.org/fileformat2.html). Rows come in the order of their ids; the same rows give
// the same bytes.
type Writer struct {
	f    io.WriterAt
	next uint32 // number of the next page
	skip uint32 // lockPage; tests set another

	run    []byte // pages not yet written; the last is next-1
	leaf   leaf
	leaves []node // finished leaves
}

// node is a page of the b-tree with the largest id on or below it.
type node struct {
	page uint32
	id   int64
}

// NewWriter returns a Writer that adds pages to f from number next on.
func NewWriter(f io.WriterAt, next uint32) *Writer {
	w := &Writer{f: f, next: next, skip: lockPage}
	w.leaf.reset()
	return w
}

// Add writes a row. Ids must ascend.
func (w *Writer) Add(id, codec int64, data []byte) error {
	var scratch [48]byte
	row := scratch[:0]
	header := recordHeader(codec, len(data))
	payload := len(header) + len(data)
	local := localSize(payload, PageSize)
	row = putVarint(row, uint64(payload))
	row = putVarint(row, uint64(id))
	row = append(row, header...)
	inline := local - len(header) // bytes of data on the leaf

	if !w.leaf.fits(len(row) + inline + 4) {
		if err := w.endLeaf(); err != nil {
			return err
		}
	}
	var link []byte
	if inline < len(data) {
		link = binary.BigEndian.AppendUint32(nil, w.overflow(data[inline:]))
	}
	w.leaf.add(id, row, data[:inline], link)
	return nil
}

// recordHeader returns the bytes before the data in a record (id, codec, data): the types of the
// three, and the codec unless its type implies its value.
func recordHeader(codec int64, length int) []byte {
	types := []byte{0} // the id is the row's key, so the column is NULL
	var body []byte
	switch codec {
	case 0, 1: // types 8 and 9 are these numbers
		types = append(types, byte(8+codec))
	default: // type 1 is a one-byte number
		types = append(types, 1)
		body = []byte{byte(codec)}
	}
	types = putVarint(types, uint64(12+2*length))
	return append(append([]byte{byte(1 + len(types))}, types...), body...)
}

// overflow writes the data that does not fit on the leaf to overflow pages and returns the first.
func (w *Writer) overflow(data []byte) (first uint32) {
	first = w.number()
	for len(data) > 0 {
		at := len(w.run)
		page := w.page()
		n := copy(page[4:], data)
		clear(page[4+n:])
		next := uint32(0)
		if data = data[n:]; len(data) > 0 {
			next = w.number()
		}
		binary.BigEndian.PutUint32(w.run[at:], next)
	}
	return first
}

// number returns the number that page will use next.
func (w *Writer) number() uint32 {
	if w.next == w.skip {
		clear(w.page())
	}
	return w.next
}

// page appends a page to the run. Its content is undefined.
func (w *Writer) page() []byte {
	n := len(w.run)
	if n+PageSize > cap(w.run) {
		w.run = append(make([]byte, 0, max(2*cap(w.run), 4<<20)), w.run...)
	}
	w.run = w.run[:n+PageSize]
	w.next++
	return w.run[n:]
}

// flush writes the run.
func (w *Writer) flush() error {
	first := int64(w.next) - int64(len(w.run)/PageSize)
	_, err := w.f.WriteAt(w.run, (first-1)*PageSize)
	w.run = w.run[:0]
	return err
}

// endLeaf writes the leaf after its overflow pages.
func (w *Writer) endLeaf() error {
	w.leaves = append(w.leaves, node{w.number(), w.leaf.last})
	copy(w.page(), w.leaf.bytes[:])
	w.leaf.reset()
	return w.flush()
}

// Finish writes the rest, with the root of the tree at page root, and returns the number of pages
// of the file.
func (w *Writer) Finish(root uint32) (pages uint32, err error) {
	at := int64(root-1) * PageSize
	if len(w.leaves) == 0 { // the root is the only leaf
		if err := w.flush(); err != nil {
			return 0, err
		}
		_, err := w.f.WriteAt(w.leaf.bytes[:], at)
		return w.next - 1, err
	}
	if w.leaf.cells > 0 {
		if err := w.endLeaf(); err != nil {
			return 0, err
		}
	}
	level := w.leaves
	for len(level) > interiorFan {
		level = w.interiors(level)
	}
	if err := w.flush(); err != nil {
		return 0, err
	}
	top := make([]byte, PageSize)
	fillInterior(top, level)
	_, err = w.f.WriteAt(top, at)
	return w.next - 1, err
}

// interiorFan is how many children fit on a page, whatever their ids.
const interiorFan = (PageSize-12)/(2+4+9) + 1

// interiors writes the pages above a level, filled as equally as possible: a page with a single
// child would be damage.
func (w *Writer) interiors(level []node) (above []node) {
	n := (len(level) + interiorFan - 1) / interiorFan
	for i := range n {
		part := level[i*len(level)/n : (i+1)*len(level)/n]
		above = append(above, node{w.number(), part[len(part)-1].id})
		fillInterior(w.page(), part)
	}
	return above
}

// fillInterior makes the page over children.
func fillInterior(page []byte, children []node) {
	const header = 12
	clear(page)
	last := len(children) - 1
	content := PageSize
	for i, c := range children[:last] {
		cell := putVarint(binary.BigEndian.AppendUint32(nil, c.page), uint64(c.id))
		content -= copy(page[content-len(cell):], cell)
		binary.BigEndian.PutUint16(page[header+2*i:], uint16(content))
	}
	page[0] = 5
	binary.BigEndian.PutUint16(page[3:], uint16(last))
	binary.BigEndian.PutUint16(page[5:], uint16(content))
	binary.BigEndian.PutUint32(page[8:], children[last].page)
}

// leaf is a leaf being filled. It must be reset before its first use.
type leaf struct {
	bytes   [PageSize]byte
	cells   int
	content int // start of the cells, which grow downwards
	last    int64
}

const leafHeader = 8

func (l *leaf) reset() {
	*l = leaf{content: PageSize}
	l.bytes[0] = 13
	binary.BigEndian.PutUint16(l.bytes[5:], PageSize)
}

func (l *leaf) fits(cell int) bool { return leafHeader+2*(l.cells+1) <= l.content-cell }

// add adds a cell made of parts.
func (l *leaf) add(id int64, parts ...[]byte) {
	for i := len(parts) - 1; i >= 0; i-- {
		l.content -= len(parts[i])
		copy(l.bytes[l.content:], parts[i])
	}
	binary.BigEndian.PutUint16(l.bytes[leafHeader+2*l.cells:], uint16(l.content))
	l.cells++
	l.last = id
	binary.BigEndian.PutUint16(l.bytes[3:], uint16(l.cells))
	binary.BigEndian.PutUint16(l.bytes[5:], uint16(l.content))
}

// putVarint appends SQLite's integer of one to nine bytes.
func putVarint(b []byte, v uint64) []byte {
	if v >= 1<<56 { // all nine, the last with eight bits
		for shift := 57; shift >= 8; shift -= 7 {
			b = append(b, byte(v>>shift)|0x80)
		}
		return append(b, byte(v))
	}
	n := 1
	for w := v >> 7; w > 0; w >>= 7 {
		n++
	}
	for n--; n > 0; n-- {
		b = append(b, byte(v>>(7*n))|0x80)
	}
	return append(b, byte(v&0x7f))
}
