package plan

import (
	"github.com/xelpack/xelpack/internal/mosaic"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// DefaultEnlarge is by how many zoom levels imagery is enlarged at most. One more level would be
// four times the bytes for pixels that the graphics card makes by itself when it shows the texture.
const DefaultEnlarge = 1

// limit makes the items smaller for which p has no imagery deep enough, so that none is made of
// imagery that is enlarged by more than the given zoom levels. It returns how many it made smaller.
func limit(items []tiles.Item, p fetch.Provider, enlarge uint8) (limited int) {
	for i := range items {
		it := &items[i]
		least := int(it.ZL) - int(deepest(p, it.Texture)) - int(enlarge)
		if k := uint8(min(max(least, 0), tiles.MaxDetail)); k > it.Detail {
			it.Detail = k
			limited++
		}
	}
	return limited
}

// deepest is the deepest zoom level that p has at a texture.
func deepest(p fetch.Provider, t tiles.Texture) tiles.ZL {
	if len(p.Layers) > 0 {
		return mosaic.Deepest(p, t)
	}
	return p.MaxZL
}
