package mbtiles

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Entry is a texture of an archive with everything needed to read it. All and Lookup return
// entries.
type Entry struct {
	Texture tiles.Texture
	Detail  uint8
	Layout  dds.Layout
	content int64
}

// indexRow is an Entry in 24 bytes.
type indexRow struct {
	content  int64
	row, col uint32
	maptype  uint16 // index into index.maptypes
	zl       uint8
	detail   uint8
	format   uint8
	log2Side uint8
}

// index lists the textures of an archive in memory, in the order of tiles.Texture.Compare. It is
// immutable once read.
type index struct {
	rows     []indexRow
	maptypes []string // as spelled
	folded   []string // in lower case
}

const indexQuery = `SELECT t.zl, t.row, t.col, t.maptype, t.detail, t.content_id, c.format, c.side, c.levels, c.bytes
	FROM textures t LEFT JOIN contents c ON c.id = t.content_id ORDER BY t.zl, t.row, t.col, t.maptype`

// blockRows are the rows of half a megabyte.
const blockRows = 1 << 19 / 24

// readIndex reads and checks the rows of textures and contents. It never reads a segment.
func readIndex(ctx context.Context, c *sqlite.Conn) (*index, error) {
	x := newListing(0)
	var full [][]indexRow // blocks before x.rows: rows of a large archive must not be copied as they grow
	count := 0
	var last tiles.Texture
	// Rows must ascend strictly, not only because a look-up needs the order: a damaged b-tree whose
	// pages point to one page repeatedly would otherwise yield rows without end.
	err := c.Query(ctx, indexQuery, func(r *sqlite.Row) error {
		zl, gridRow, col := r.Int(0), r.Int(1), r.Int(2)
		if zl < 0 || zl > int64(tiles.MaxZL) || gridRow < 0 || gridRow > math.MaxUint32 ||
			col < 0 || col > math.MaxUint32 {
			return corrupt("texture %d_%d at ZL%d is outside the grid", gridRow, col, zl)
		}
		t := tiles.Texture{ZL: tiles.ZL(zl), Row: uint32(gridRow), Col: uint32(col),
			Maptype: r.Text(3)}
		if err := t.Valid(); err != nil {
			return corrupt("texture %s: %v", t, err)
		}
		if count > 0 && last.Compare(t) >= 0 {
			return corrupt("texture %s follows %s", t, last)
		}
		last = t
		detail, content := r.Int(4), r.Int(5)
		if detail < 0 || detail > tiles.MaxDetail || content < 1 || content > tables.MaxContentID {
			return corrupt("texture %s: detail %d, content %d", t, detail, content)
		}
		if r.IsNull(6) {
			return corrupt("texture %s: its content %d is missing", t, content)
		}
		l, err := tables.LayoutOf(r.Int(6), r.Int(7), r.Int(8), r.Int(9))
		if err != nil {
			return corrupt("texture %s: %v", t, err)
		}
		if _, ok := x.known[t.Maptype]; !ok && len(x.maptypes) > math.MaxUint16 {
			return corrupt("more than %d maptypes", len(x.maptypes))
		}
		x.add(Entry{Texture: t, Detail: uint8(detail), Layout: l, content: content})
		if count++; len(x.rows) == blockRows {
			full, x.rows = append(full, x.rows), make([]indexRow, 0, blockRows)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	x.rows = slices.Concat(append(full, x.rows)...)
	return &x.index, nil
}

func (x *index) entry(i int) Entry { return x.entryOf(x.rows[i]) }

func (x *index) entryOf(r indexRow) Entry {
	return Entry{
		Texture: tiles.Texture{Row: r.row, Col: r.col, ZL: tiles.ZL(r.zl),
			Maptype: x.maptypes[r.maptype]},
		Detail:  r.detail,
		Layout:  dds.Layout{Format: dds.Format(r.format), Side: 1 << r.log2Side},
		content: r.content,
	}
}

func (x *index) all() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := range x.rows {
			if !yield(x.entry(i)) {
				return
			}
		}
	}
}

func (x *index) lookup(k tiles.Key) (Entry, bool) {
	i, ok := x.find(k.ZL, k.Row, k.Col, k.Maptype, x.folded)
	if !ok {
		return Entry{}, false
	}
	return x.entry(i), true
}

// place returns where in the index a texture is that is spelled like e.
func (x *index) place(e Entry) (int, bool) {
	t := e.Texture
	return x.find(t.ZL, t.Row, t.Col, t.Maptype, x.maptypes)
}

// find looks for a texture by its square and one of its maptype's two names.
func (x *index) find(zl tiles.ZL, row, col uint32, maptype string, names []string) (int, bool) {
	i := sort.Search(len(x.rows), func(i int) bool {
		r := x.rows[i]
		return cmp.Or(cmp.Compare(tiles.ZL(r.zl), zl), cmp.Compare(r.row, row),
			cmp.Compare(r.col, col)) >= 0
	})
	for ; i < len(x.rows); i++ {
		r := x.rows[i]
		if tiles.ZL(r.zl) != zl || r.row != row || r.col != col {
			break
		}
		if names[r.maptype] == maptype {
			return i, true
		}
	}
	return 0, false
}

// listing builds an index of textures that come in its order.
type listing struct {
	index
	known map[string]uint16 // number of each maptype
}

func newListing(textures int) *listing {
	return &listing{index{rows: make([]indexRow, 0, textures)}, make(map[string]uint16)}
}

// add appends a texture.
func (l *listing) add(e Entry) {
	m, ok := l.known[e.Texture.Maptype]
	if !ok { // all archives together could exceed the limit of one; no real ones do
		m = uint16(len(l.maptypes))
		l.known[e.Texture.Maptype] = m
		l.maptypes = append(l.maptypes, e.Texture.Maptype)
		l.folded = append(l.folded, strings.ToLower(e.Texture.Maptype))
	}
	l.rows = append(l.rows, indexRow{
		content: e.content, row: e.Texture.Row, col: e.Texture.Col, maptype: m,
		zl: uint8(e.Texture.ZL), detail: e.Detail,
		format: uint8(e.Layout.Format), log2Side: uint8(e.Layout.Levels() - 1),
	})
}
