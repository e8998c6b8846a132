package plan

import (
	"testing"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		name     string
		zl, deep tiles.ZL
		detail   uint8 // that can be seen
		enlarge  uint8
		want     uint8
	}{
		{name: "deep enough", zl: 16, deep: 16, enlarge: 0, want: 0},
		{name: "deeper", zl: 16, deep: 19, enlarge: 0, want: 0},
		{name: "one level enlarged", zl: 16, deep: 15, enlarge: 1, want: 0},
		{name: "one level too shallow", zl: 16, deep: 15, enlarge: 0, want: 1},
		{name: "two levels, one enlarged", zl: 16, deep: 14, enlarge: 1, want: 1},
		{name: "two levels, none enlarged", zl: 16, deep: 14, enlarge: 0, want: 2},
		{name: "two levels, as many as may be", zl: 16, deep: 14, enlarge: 4, want: 0},
		{name: "less can be seen", zl: 16, deep: 14, detail: 3, enlarge: 1, want: 3},
		{name: "the coarsest there is", zl: 18, deep: 8, enlarge: 1, want: tiles.MaxDetail},
		{name: "no imagery at all", zl: 16, deep: 0, enlarge: 4, want: tiles.MaxDetail},
	} {
		items := []tiles.Item{{Texture: tiles.Texture{ZL: tt.zl}, Detail: tt.detail}}
		limited := limit(items, fetch.Provider{MaxZL: tt.deep}, tt.enlarge)
		if got := items[0].Detail; got != tt.want || (limited > 0) != (tt.want != tt.detail) {
			t.Errorf("%s: detail %d, want %d; %d made smaller", tt.name, got, tt.want, limited)
		}
	}
}

// inside is an area of one tile.
type inside tiles.Chunk

func (a inside) Weigh(c tiles.Chunk, _ *area.Weights) area.Cover { return a.Cover(c) }

func (a inside) Cover(c tiles.Chunk) area.Cover {
	if tiles.Chunk(a) == c {
		return area.Inside
	}
	return area.Outside
}

// Of a mosaic, what counts is the layers that a texture is made of.
func TestLimitOfAMosaic(t *testing.T) {
	sharp := tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "BI"}
	coarse := sharp
	coarse.Col += 16
	z, x, y := sharp.Tile()
	layer := func(deepest tiles.ZL) providers.Layer {
		return providers.Layer{Provider: providers.Provider{MaxZL: deepest}}
	}
	local, other := layer(19), layer(19)
	local.Area, other.Maptypes = inside{Z: z, X: x, Y: y}, []string{"Arc"}
	p := providers.Provider{MaxZL: 19, Layers: []providers.Layer{local, other, layer(14)}}
	items := []tiles.Item{{Texture: sharp}, {Texture: coarse}}
	if limited := limit(items, p, 1); limited != 1 || items[0].Detail != 0 || items[1].Detail != 1 {
		t.Errorf("%d made smaller: details %d and %d, want 0 and 1", limited, items[0].Detail,
			items[1].Detail)
	}
}
