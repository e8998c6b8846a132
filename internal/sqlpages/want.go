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

// ErrAway is of what has not been fetched, where nothing may be. To those who wait for whoever got
// it, that is as if he had given up.
var ErrAway = fmt.Errorf("it has not been fetched: %w", context.Canceled)

type atHand struct{}

// AtHand returns a context in which a Wanter fetches nothing and waits for nobody who does.
func AtHand(ctx context.Context) context.Context { return context.WithValue(ctx, atHand{}, true) }

// OnlyAtHand reports whether ctx is one that AtHand has made.
func OnlyAtHand(ctx context.Context) bool { return ctx.Value(atHand{}) != nil }

// ErrLayout is of pages that do not form a table.
var ErrLayout = errors.New("its pages do not form a table")

// badPage is ErrLayout of a page.
type badPage uint32

func (p badPage) Error() string { return fmt.Sprintf("page %d: %v", uint32(p), ErrLayout) }
func (p badPage) Unwrap() error { return ErrLayout }

// tries is how often pages are brought that turn out to be wrong: at least once for each level.
const tries = 6

// mended calls do. If a page is wrong, it is forgotten with those that led to it, and do called
// again: they may have been changed on the way. again is called before. If that does not help, all
// of the file is forgotten, for the next try.
func (p pager) mended(again func(), do func(p pager) error) error {
	for try := 1; ; try++ {
		var way []uint32
		p.way = &way
		err := do(p)
		page, bad := errors.AsType[badPage](err)
		from, forgets := p.f.(interface{ Forget([]Span) error })
		if !errors.Is(err, ErrLayout) || !forgets {
			return err
		}
		again()
		if !bad || try == tries {
			return errors.Join(err, from.Forget([]Span{{0, 1 << 62}}))
		}
		if err := from.Forget(p.spans(append(way, uint32(page)))); err != nil {
			return err
		}
	}
}

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
	p := pager{f: f, size: pageSizeOf(h[:])}
	if p.size == 0 || p.size-int(h[20]) < 480 || root == 0 {
		return ErrLayout
	}
	p.usable = p.size - int(h[20])
	return p.mended(func() {}, func(p pager) error { return p.wantTree(ctx, root, most) })
}

func (p pager) wantTree(ctx context.Context, root uint32, most int) error {
	seen := make(map[uint32]bool) // a hostile tree could go round in circles
	for level := []uint32{root}; len(level) > 0; {
		for _, number := range level {
			if number == 0 || seen[number] || len(seen) >= most {
				return ErrLayout
			}
			seen[number] = true
		}
		if err := p.f.Want(ctx, p.spans(level)); err != nil {
			return err
		}
		below, long, err := p.level(level)
		if err != nil {
			return err
		}
		if err := p.follow(ctx, long, most); err != nil {
			return err
		}
		if len(below) > 0 {
			*p.way = append(*p.way, level...)
		}
		level = below
	}
	return nil
}

// pageSizeOf returns the page size that the header of a file states; 0: an impossible one.
func pageSizeOf(header []byte) int {
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
	way          *[]uint32 // gets the interior pages that are read; see mended
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
			return nil, nil, badPage(number)
		}
		cells := int(binary.BigEndian.Uint16(b[start+3:]))
		if start+header+2*cells > p.usable {
			return nil, nil, badPage(number)
		}
		for i := range cells {
			at := int(binary.BigEndian.Uint16(b[start+header+2*i:]))
			if at+4 > p.usable {
				return nil, nil, badPage(number)
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
				return nil, nil, badPage(number)
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
		var number [4]byte // of the page after, at the beginning of each
		for _, o := range long {
			for o.bytes > each {
				_, err := p.f.ReadAt(number[:], p.span(o.page, 1).Off)
				if errors.Is(err, io.EOF) {
					break // the file is cut short; what is missing is read later, and fails
				}
				if err != nil {
					return err
				}
				o.bytes -= each
				o.page++
				if next := binary.BigEndian.Uint32(number[:]); next != o.page {
					elsewhere = append(elsewhere, overflowing{next, o.bytes})
					break
				}
			}
		}
		long = elsewhere
	}
	return nil
}
