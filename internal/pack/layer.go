package pack

import (
	"math/bits"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/filter"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Layer is one source of the imagery of a Pipeline. What lies on top is asked first.
type Layer struct {
	ID     string // its provider's
	Source fetch.Source
	// MinZL and MaxZL are the zoom levels that the source has. What is wanted deeper is enlarged
	// from the deepest.
	MinZL, MaxZL tiles.ZL
	// TilePx is the side of the source's tiles, 256·2ⁿ. 0: 256, a tile is a chunk.
	TilePx int
	// Blank are the colours in which the source paints what it has no imagery of.
	Blank []fetch.Colour
	// Exclusive is the licence that a texture with any of it must be under as a whole; "": none.
	Exclusive string
	// Area is where the source counts. Nil: everywhere.
	Area area.Area
	// Lone lets the source count everywhere in a texture that no other layer has a part in.
	Lone bool
	// Priority says how it is laid over what lies below.
	Priority area.Priority
	// Filter changes its colours. Nil: they stay.
	Filter *filter.Filter
	// For says whether it is for textures of a maptype. Nil: it is for all.
	For func(maptype string) bool
}

// standing is a layer that has a part in a texture.
type standing struct {
	*Layer
	whole bool // it counts at every pixel
}

// standing returns the layers that have a part in the texture, from the top. Those of exclusive
// licences that cannot be in one texture are not together among them.
func (p *Pipeline) standing(it tiles.Item) (list []standing) {
	z, x, y := it.Tile()
	square := tiles.Chunk{Z: z, X: x, Y: y}
	for n := range p.layers {
		l := &p.layers[n]
		if l.For != nil && !l.For(it.Maptype) {
			continue
		}
		cover := area.Inside
		if l.Area != nil {
			cover = l.Area.Cover(square)
		}
		if cover != area.Outside {
			list = append(list, standing{l, cover == area.Inside})
		}
	}
	list = area.Together(it.Texture, list,
		func(l standing) (area.Area, string) { return l.Area, l.Exclusive })
	if len(list) == 1 && list[0].Lone {
		list[0].whole = true
	}
	return list
}

// level returns the zoom level that the layer is asked at for a chunk at z when it had nothing drop
// times; false when it is not asked any more.
func (l *Layer) level(z tiles.ZL, drop int) (level tiles.ZL, ok bool) {
	at := int(min(z, l.MaxZL)) - drop
	return tiles.ZL(max(at, 0)), at >= int(l.MinZL) && int(z)-at <= ParentLevels
}

// side is that of a tile, in px.
func (l *Layer) side() int { return max(l.TilePx, chunkPixels) }

// levels is the n of tiles of 2ⁿ chunks a side.
func (l *Layer) levels() uint { return uint(bits.Len(uint(l.side()/chunkPixels)) - 1) }
