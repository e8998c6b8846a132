package sqlpages

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sort"
)

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
	return t.WantWithin(ctx, w, ids, 0)
}

// WantWithin is Want for somebody who waits: in one round trip, if a leaf with all of its rows
// takes no more than so many bytes.
func (t *Table) WantWithin(ctx context.Context, w Wanter, ids []int64, bytes int64) error {
	p := pager{f: w, size: t.size, usable: t.usable}
	most := max(bytes, leafGroup)
	return p.mended(t.forget, func(p pager) error { return t.want(ctx, p, ids, most) })
}

// forget forgets what is remembered of pages.
func (t *Table) forget() {
	t.mu.Lock()
	clear(t.interior)
	t.mu.Unlock()
	t.places.forget()
	t.height.Store(0)
}

func (t *Table) want(ctx context.Context, p pager, ids []int64, bytes int64) error {
	leaves, err := t.leaves(ctx, p, ids)
	if err != nil {
		return err
	}
	spans := make([]Span, len(leaves))
	for i, n := range leaves {
		spans[i] = p.span(n.page, 1)
		group, ok := p.group(n)
		switch {
		case !ok:
		case n.whole:
			spans[i] = group
		// A leaf that is there tells which rows are needed: what lies beside them may not be had.
		case group.Len <= bytes && p.f.Want(AtHand(ctx), spans[i:i+1]) != nil:
			spans[i] = group
		}
	}
	if err := p.f.Want(ctx, spans); err != nil {
		return err
	}
	return t.wantRows(ctx, p, leaves)
}

// Where returns about where rows lie, which ascend, without having them brought: with what else is
// on their leaves.
func (t *Table) Where(ctx context.Context, w Wanter, ids []int64) ([]Span, error) {
	p := pager{f: w, size: t.size, usable: t.usable}
	var leaves []wanted
	err := p.mended(t.forget, func(p pager) (err error) {
		leaves, err = t.leaves(ctx, p, ids)
		return err
	})
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
			*p.way = append(*p.way, n.page)
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
	number, above := t.root, t.root
	for depth := range 20 {
		if number == 0 {
			break
		}
		err := wantRead(ctx, p.f, b, p.span(number, 1).Off)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		*p.way = append(*p.way, number)
		switch b[0] {
		case leafTable:
			t.height.Store(int64(depth) + 1)
			return depth, nil
		case interiorTable:
			var ok bool
			above = number
			if number, ok = t.child(b, 0); !ok {
				return 0, badPage(above)
			}
		default:
			return 0, badPage(number)
		}
	}
	return 0, badPage(above)
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
			return nil, badPage(n.page)
		}
		cells := int(binary.BigEndian.Uint16(b[3:]))
		if 12+2*cells > t.usable {
			return nil, badPage(n.page)
		}
		// Nothing is wanted of what lies before the first row.
		start := max(sort.Search(cells, func(i int) bool {
			_, key, ok := t.interiorCell(b, i, cells)
			return !ok || key >= ids[0]
		})-1, 0)
		for i := start; i <= cells && len(ids) > 0; i++ {
			page, key, ok := t.interiorCell(b, i, cells)
			if !ok {
				return nil, badPage(n.page)
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
			return badPage(n.page)
		}
		for _, id := range n.ids {
			cell, payload := t.findCell(buf, id)
			if cell == nil {
				continue
			}
			o, err := p.overflow(cell, leafTable)
			if err != nil {
				return badPage(n.page)
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
	t.forget()
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
