package sqlpages

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Span is a run of bytes of a file.
type Span struct{ Off, Len int64 }

// Wanter is a file that comes from elsewhere: Want returns once the spans can be read.
type Wanter interface {
	io.ReaderAt
	Want(ctx context.Context, spans []Span) error
}

// ErrLayout is of pages that do not form a table.
var ErrLayout = errors.New("its pages do not form a table")

// The kinds of pages of b-trees.
const (
	interiorIndex = 2
	interiorTable = 5
	leafIndex     = 10
	leafTable     = 13
)

// WantTree has a whole b-tree brought, level by level, of at most so many pages.
func WantTree(ctx context.Context, f Wanter, root uint32, most int) error {
	var h [100]byte
	if err := wantRead(ctx, f, h[:], 0); err != nil {
		return err
	}
	p := pager{f: f, size: PageSizeOf(h[:])}
	if p.size == 0 || p.size-int(h[20]) < 480 || root == 0 {
		return ErrLayout
	}
	p.usable = p.size - int(h[20])
	seen := make(map[uint32]bool) // a hostile tree could go round in circles
	for level := []uint32{root}; len(level) > 0; {
		for _, number := range level {
			if number == 0 || seen[number] || len(seen) >= most {
				return ErrLayout
			}
			seen[number] = true
		}
		if err := f.Want(ctx, p.spans(level)); err != nil {
			return err
		}
		below, long, err := p.level(level)
		if err != nil {
			return err
		}
		if err := p.follow(ctx, long, most); err != nil {
			return err
		}
		level = below
	}
	return nil
}

// PageSizeOf returns the page size that the header of a file states; 0: an impossible one.
func PageSizeOf(header []byte) int {
	size := int(binary.BigEndian.Uint16(header[16:]))
	if size == 1 {
		size = 65536
	}
	if size < 512 || size&(size-1) != 0 {
		return 0
	}
	return size
}

// wantRead has bytes brought and reads them.
func wantRead(ctx context.Context, f Wanter, b []byte, off int64) error {
	if err := f.Want(ctx, []Span{{off, int64(len(b))}}); err != nil {
		return err
	}
	_, err := f.ReadAt(b, off)
	return err
}

// pager reads the pages of a file.
type pager struct {
	f            Wanter
	size, usable int
}

func (p pager) span(number uint32, n int) Span {
	return Span{int64(number-1) * int64(p.size), int64(n) * int64(p.size)}
}

func (p pager) spans(numbers []uint32) []Span {
	spans := make([]Span, len(numbers))
	for i, n := range numbers {
		spans[i] = p.span(n, 1)
	}
	return spans
}

// overflowing is where a payload goes on that does not fit its page.
type overflowing struct {
	page  uint32
	bytes int
}

// level reads the pages of one level of a tree: what is below them, and what overflows from them.
func (p pager) level(numbers []uint32) (below []uint32, long []overflowing, err error) {
	b := make([]byte, p.size)
	for _, number := range numbers {
		if _, err := p.f.ReadAt(b, p.span(number, 1).Off); err != nil {
			return nil, nil, err
		}
		start := 0
		if number == 1 {
			start = 100
		}
		kind := b[start]
		header := 8
		switch kind {
		case interiorIndex, interiorTable:
			header = 12
			below = append(below, binary.BigEndian.Uint32(b[start+8:]))
		case leafIndex, leafTable:
		default:
			return nil, nil, ErrLayout
		}
		cells := int(binary.BigEndian.Uint16(b[start+3:]))
		if start+header+2*cells > p.usable {
			return nil, nil, ErrLayout
		}
		for i := range cells {
			at := int(binary.BigEndian.Uint16(b[start+header+2*i:]))
			if at+4 > p.usable {
				return nil, nil, ErrLayout
			}
			cell := b[at:p.usable]
			if header == 12 {
				below = append(below, binary.BigEndian.Uint32(cell))
				cell = cell[4:]
			}
			if kind == interiorTable {
				continue
			}
			o, err := p.overflow(cell, kind)
			if err != nil {
				return nil, nil, err
			}
			if o.page != 0 {
				long = append(long, o)
			}
		}
	}
	return below, long, nil
}

// overflow reads the beginning of a cell with a payload.
func (p pager) overflow(cell []byte, kind byte) (o overflowing, err error) {
	payload, n := Varint(cell)
	if n == 0 || payload < 0 || payload > MaxRow {
		return o, ErrLayout
	}
	cell = cell[n:]
	local := localSize(int(payload), p.usable)
	if kind == leafTable {
		_, n := Varint(cell)
		cell = cell[n:]
	} else {
		local = indexLocalSize(int(payload), p.usable)
	}
	if local == int(payload) {
		return o, nil
	}
	if len(cell) < local+4 {
		return o, ErrLayout
	}
	return overflowing{binary.BigEndian.Uint32(cell[local:]), int(payload) - local}, nil
}

// indexLocalSize is localSize for the b-trees of indexes and of tables without row ids.
func indexLocalSize(payload, usable int) int {
	most, least := (usable-12)*64/255-23, (usable-12)*32/255-23
	if payload <= most {
		return payload
	}
	if local := least + (payload-least)%(usable-4); local <= most {
		return local
	}
	return least
}

// follow has overflow pages brought: first as if those of a payload followed one another, as they
// nearly always do, and then those that turn out to be elsewhere.
func (p pager) follow(ctx context.Context, long []overflowing, most int) error {
	each := p.usable - 4
	for len(long) > 0 {
		spans := make([]Span, len(long))
		for i, o := range long {
			if o.page == 0 || most < 0 {
				return ErrLayout
			}
			n := (o.bytes + each - 1) / each
			spans[i], most = p.span(o.page, n), most-1
		}
		if err := p.f.Want(ctx, spans); err != nil {
			return err
		}
		var elsewhere []overflowing
		var b []byte
		for i, o := range long {
			b = grow(b, int(spans[i].Len))
			// The last page of the file may be cut short; what is missing is read later, and fails.
			n, err := p.f.ReadAt(b, spans[i].Off)
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			for at := 0; at+4 <= n && o.bytes > each; at += p.size {
				next := binary.BigEndian.Uint32(b[at:])
				o.bytes -= each
				if o.page++; next != o.page {
					elsewhere = append(elsewhere, overflowing{next, o.bytes})
					break
				}
			}
		}
		long = elsewhere
	}
	return nil
}

// leafGroup is up to how many bytes a leaf with its rows is fetched though not all of them are
// wanted: a request costs about as much.
const leafGroup = 64 << 10

// wanted is a page of a Table with the rows below it that are wanted. Where pages were written in
// order, the leaves' rows lie between the leaf before and the leaf.
type wanted struct {
	page, before uint32
	ids          []int64
	whole        bool // all rows of the leaf are wanted, as far as can be told
}

// Want has rows brought, so that they can be read without waiting. The ids ascend. Missing rows are
// left to the reader.
func (t *Table) Want(ctx context.Context, w Wanter, ids []int64) error {
	p := pager{w, t.size, t.usable}
	leaves, err := t.leaves(ctx, p, ids)
	if err != nil {
		return err
	}
	spans := make([]Span, len(leaves))
	for i, n := range leaves {
		spans[i] = p.span(n.page, 1)
		if group, ok := p.group(n); ok && (group.Len <= leafGroup || n.whole) {
			spans[i] = group
		}
	}
	if err := w.Want(ctx, spans); err != nil {
		return err
	}
	return t.wantRows(ctx, p, leaves)
}

// Where returns about where rows lie, which ascend, without having them brought: with what else is
// on their leaves.
func (t *Table) Where(ctx context.Context, w Wanter, ids []int64) ([]Span, error) {
	p := pager{w, t.size, t.usable}
	leaves, err := t.leaves(ctx, p, ids)
	var spans []Span
	for _, n := range leaves {
		group, ok := p.group(n)
		if !ok {
			group = p.span(n.page, 1)
		}
		spans = append(spans, group)
	}
	return spans, err
}

// group returns where the rows of a leaf lie, with the leaf, if they were written in order.
func (p pager) group(n wanted) (Span, bool) {
	pages := int64(n.page) - int64(n.before)
	if n.before == 0 || pages <= 0 || pages > maxGroup {
		return Span{}, false
	}
	return p.span(n.before+1, int(pages)), true
}

// leaves returns the leaves of rows. Those of the interior pages that are missing are brought.
func (t *Table) leaves(ctx context.Context, p pager, ids []int64) ([]wanted, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	height, err := t.levels(ctx, p)
	if err != nil {
		return nil, err
	}
	level := []wanted{{page: t.root, ids: ids}}
	for range height {
		spans := make([]Span, len(level))
		for i, n := range level {
			spans[i] = p.span(n.page, 1)
		}
		if err := p.f.Want(ctx, spans); err != nil {
			return nil, err
		}
		if level, err = t.below(level); err != nil {
			return nil, err
		}
	}
	return level, nil
}

// maxGroup bounds the pages of a leaf's rows: more are not a leaf's.
const maxGroup = 1024

// levels returns how many levels of interior pages the table has.
func (t *Table) levels(ctx context.Context, p pager) (int, error) {
	if n := t.height.Load(); n > 0 {
		return int(n - 1), nil
	}
	b := make([]byte, t.size)
	number := t.root
	for depth := range 20 {
		if number == 0 {
			break
		}
		if err := wantRead(ctx, p.f, b, p.span(number, 1).Off); err != nil {
			return 0, err
		}
		switch b[0] {
		case leafTable:
			t.height.Store(int64(depth) + 1)
			return depth, nil
		case interiorTable:
			var ok bool
			if number, ok = t.child(b, 0); !ok {
				return 0, ErrLayout
			}
		default:
			return 0, ErrLayout
		}
	}
	return 0, ErrLayout
}

// below returns the pages below those of a level that have wanted rows.
func (t *Table) below(level []wanted) ([]wanted, error) {
	var next []wanted
	buf := make([]byte, t.size)
	last := int64(-1) // the wanted row before
	for _, n := range level {
		ids, before, lowest := n.ids, uint32(0), int64(-1)
		b := t.interiorPage(n.page, buf)
		if b == nil {
			return nil, ErrLayout
		}
		cells := int(binary.BigEndian.Uint16(b[3:]))
		if 12+2*cells > t.usable {
			return nil, ErrLayout
		}
		for i := 0; i <= cells && len(ids) > 0; i++ {
			page, key, ok := t.interiorCell(b, i, cells)
			if !ok {
				return nil, ErrLayout
			}
			m := 0
			for m < len(ids) && (i == cells || ids[m] <= key) {
				m++
			}
			if m > 0 {
				next = append(next, wanted{page: page, before: before, ids: ids[:m],
					whole: last == lowest && i < cells && ids[m-1] == key})
				last = ids[m-1]
			}
			ids, before, lowest = ids[m:], page, key
		}
	}
	return next, nil
}

// interiorPage returns an interior page, which has been brought; nil if it is not one.
func (t *Table) interiorPage(number uint32, buf []byte) []byte {
	t.mu.Lock()
	b := t.interior[number]
	t.mu.Unlock()
	if b != nil {
		return b
	}
	if !t.read(number, buf) || buf[0] != interiorTable {
		return nil
	}
	return buf
}

// interiorCell returns the page below cell i of an interior page, and the greatest row in it. The
// one after the last cell has no key.
func (t *Table) interiorCell(b []byte, i, cells int) (page uint32, key int64, ok bool) {
	if i == cells {
		return binary.BigEndian.Uint32(b[8:]), 0, true
	}
	at := int(binary.BigEndian.Uint16(b[12+2*i:]))
	if at+4 > t.usable {
		return 0, 0, false
	}
	key, n := Varint(b[at+4 : t.usable])
	return binary.BigEndian.Uint32(b[at:]), key, n > 0
}

// wantRows has the overflow pages of rows brought whose leaves are there.
func (t *Table) wantRows(ctx context.Context, p pager, leaves []wanted) error {
	var long []overflowing
	buf := make([]byte, t.size)
	for _, n := range leaves {
		if !t.read(n.page, buf) || buf[0] != leafTable {
			return fmt.Errorf("page %d: %w", n.page, ErrLayout)
		}
		for _, id := range n.ids {
			cell, payload := t.findCell(buf, id)
			if cell == nil {
				continue
			}
			o, err := p.overflow(cell, leafTable)
			if err != nil {
				return err
			}
			if o.page != 0 && payload > 0 {
				long = append(long, o)
			}
		}
	}
	return p.follow(ctx, long, 1<<20)
}

// Forget returns where rows and the way to them lie, which turned out to be wrong, and what is
// remembered of them is forgotten.
func (t *Table) Forget(ids []int64) []Span {
	t.mu.Lock()
	clear(t.interior)
	t.mu.Unlock()
	t.places.forget()
	t.height.Store(0)
	p := pager{size: t.size, usable: t.usable}
	var spans []Span
	buf := make([]byte, t.size)
	for _, id := range ids {
		number := t.root
		for range 20 {
			if number == 0 {
				break
			}
			spans = append(spans, p.span(number, 1))
			if !t.read(number, buf) || buf[0] != interiorTable {
				break
			}
			number, _ = t.child(buf, id)
		}
		if cell, _ := t.findCell(buf, id); buf[0] == leafTable && cell != nil {
			if o, err := p.overflow(cell, leafTable); err == nil && o.page != 0 {
				spans = append(spans, p.span(o.page, o.bytes/(t.usable-4)+1))
			}
		}
	}
	return spans
}
