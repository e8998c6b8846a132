package mosaic

import (
	"slices"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// cover returns how much of a chunk or a texture's square the layer covers.
func cover(l providers.Layer, c tiles.Chunk) area.Cover {
	if l.Area == nil {
		return area.Inside
	}
	return l.Area.Cover(c)
}

func square(t tiles.Texture) tiles.Chunk {
	z, x, y := t.Tile()
	return tiles.Chunk{Z: z, X: x, Y: y}
}

// standing returns the layers of p that have a part in a texture, from the top, as a pipeline does.
func standing(p providers.Provider, t tiles.Texture) (list []providers.Layer) {
	for _, l := range p.Layers {
		if l.For(t.Maptype) && cover(l, square(t)) != area.Outside {
			list = append(list, l)
		}
	}
	list = area.Together(t, list,
		func(l providers.Layer) (area.Area, string) { return l.Area, l.Source(0).Exclusive() })
	if len(list) == 1 && list[0].Lone {
		list[0].Area = nil
	}
	return list
}

// hides reports whether nothing is seen of what lies below l where that covers at.
func hides(l providers.Layer, at area.Cover) bool {
	return at == area.Inside && l.Priority == area.High
}

// Layers returns the layers of p, or p as the only one.
func Layers(p providers.Provider) []providers.Layer {
	if len(p.Layers) > 0 {
		return p.Layers
	}
	return []providers.Layer{{Provider: p}}
}

// Near returns the items that a layer takes part in.
func Near(l providers.Layer, items []tiles.Item) (near []tiles.Item) {
	for _, it := range items {
		if l.For(it.Maptype) && cover(l, square(it.Texture)) != area.Outside {
			near = append(near, it)
		}
	}
	return near
}

// Planned calls count with each square of chunks of items that a source of p is expected to give,
// if it has imagery wherever it covers. A chunk that an outline may cross counts for every source
// that takes part in it.
func Planned(p providers.Provider, items []tiles.Item, count func(source providers.Provider, at tiles.Chunk, side int)) {
	for _, it := range items {
		layers := standing(p, it.Texture)
		if len(layers) > 0 && hides(layers[0], cover(layers[0], square(it.Texture))) {
			count(layers[0].Provider, it.Chunk(0, 0), it.ChunksPerSide())
			continue
		}
		for _, c := range it.Chunks() {
			var seen []string
			for _, l := range layers {
				at := cover(l, c)
				if at != area.Outside && !slices.Contains(seen, l.ID) {
					seen = append(seen, l.ID)
					count(l.Provider, c, 1)
				}
				if hides(l, at) {
					break
				}
			}
		}
	}
}

// Deepest returns the deepest zoom level of a mosaic anywhere in a texture.
func Deepest(p providers.Provider, t tiles.Texture) (deepest tiles.ZL) {
	for _, l := range standing(p, t) {
		deepest = max(deepest, l.MaxZL)
		if hides(l, cover(l, square(t))) {
			break
		}
	}
	return deepest
}

// At returns the topmost source of p at a point; p itself if it is not a mosaic.
func At(p providers.Provider, at orb.Point) providers.Provider {
	c := square(tiles.At(at, 20, p.Code))
	for _, l := range p.Layers {
		if cover(l, c) != area.Outside {
			return l.Provider
		}
	}
	return p
}
