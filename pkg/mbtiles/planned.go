package mbtiles

import (
	"slices"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// planned are textures yet to be built, in BC1.
type planned []tiles.Item

func (p planned) Len() int                    { return len(p) }
func (p planned) Texture(i int) tiles.Texture { return p[i].Texture }
func (p planned) Layout(i int) dds.Layout {
	return dds.Layout{Format: dds.BC1, Side: p[i].Side()}
}

// CountPreviews returns how many rows of tiles a finished archive of items has.
func CountPreviews(items []tiles.Item) int {
	sorted := slices.SortedFunc(slices.Values(items),
		func(a, b tiles.Item) int { return a.Texture.Compare(b.Texture) })
	return preview.New(planned(sorted)).Count()
}
