package mbtiles

import "strings"

// listing builds the index of an archive that is being assembled, whose textures come in the order
// of their keys.
type listing struct {
	index
	known map[string]uint16 // number of each maptype
}

func newListing(textures int) *listing {
	return &listing{index{rows: make([]indexRow, 0, textures)}, make(map[string]uint16)}
}

// add appends a texture, with its content in the new archive.
func (l *listing) add(e Entry, content int64) {
	m, ok := l.known[e.Texture.Maptype]
	if !ok { // all archives together could exceed the limit of one; no real ones do
		m = uint16(len(l.maptypes))
		l.known[e.Texture.Maptype] = m
		l.maptypes = append(l.maptypes, e.Texture.Maptype)
		l.folded = append(l.folded, strings.ToLower(e.Texture.Maptype))
	}
	l.rows = append(l.rows, indexRow{
		content: content, row: e.Texture.Row, col: e.Texture.Col, maptype: m, zl: uint8(
			e.Texture.ZL), detail: e.Detail,
		format: uint8(e.Layout.Format), log2Side: uint8(e.Layout.Levels() - 1),
	})
}
