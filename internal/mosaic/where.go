package mosaic

import (
	"slices"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/terms"
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

// Split returns the items that are mainly planned from each layer of p: the first that covers their
// centre. Items of no layer are left out.
func Split(p providers.Provider, items []tiles.Item) [][]tiles.Item {
	of := make([][]tiles.Item, len(p.Layers))
	for _, it := range items {
		middle := it.Chunk(it.ChunksPerSide()/2, it.ChunksPerSide()/2)
		for i, l := range p.Layers {
			if l.For(it.Maptype) && cover(l, square(it.Texture)) != area.Outside &&
				cover(l, middle) != area.Outside {
				of[i] = append(of[i], it)
				break
			}
		}
	}
	return of
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

// Planned counts the chunks of items that each source of p is expected to give, if it has imagery
// wherever it covers. A chunk crossed by an outline counts for every source that takes part in it.
func Planned(p providers.Provider, items []tiles.Item) terms.Use {
	use := terms.Use{}
	for _, it := range items {
		var layers []providers.Layer
		for _, l := range p.Layers {
			c := area.Outside
			if l.For(it.Maptype) {
				c = cover(l, square(it.Texture))
			}
			if c != area.Outside {
				layers = append(layers, l)
			}
			if c == area.Inside {
				break
			}
		}
		if len(layers) == 1 {
			use[layers[0].ID] += it.ChunkCount()
			continue
		}
		for _, c := range it.Chunks() {
			var seen []string
			for _, l := range layers {
				at := cover(l, c)
				if at != area.Outside && !slices.Contains(seen, l.ID) {
					seen = append(seen, l.ID)
					use[l.ID]++
				}
				if at == area.Inside {
					break
				}
			}
		}
	}
	return use
}

// Deepest returns the deepest zoom level of a mosaic anywhere in a texture.
func Deepest(p providers.Provider, t tiles.Texture) (deepest tiles.ZL) {
	for _, l := range p.Layers {
		c := area.Outside
		if l.For(t.Maptype) {
			c = cover(l, square(t))
		}
		if c != area.Outside {
			deepest = max(deepest, l.MaxZL)
		}
		if c == area.Inside {
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
