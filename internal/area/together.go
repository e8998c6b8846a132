package area

import (
	"slices"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Together returns those of layers, from the top, whose imagery may be in one texture. of returns a
// layer's area, nil for everywhere, and the licence that a texture with any of it must be under as
// a whole, "" for none. Of layers with several such licences those of one are left: of that which
// has the most chunks of the texture inside its areas, of several with as many the first.
func Together[L any](t tiles.Texture, layers []L, of func(L) (Area, string)) []L {
	areas, licences := map[string][]Area{}, []string(nil)
	for _, l := range layers {
		a, licence := of(l)
		if licence != "" && areas[licence] == nil {
			licences = append(licences, licence)
		}
		areas[licence] = append(areas[licence], a)
	}
	if len(licences) < 2 {
		return layers
	}
	best, most := "", -1
	for _, licence := range licences {
		if n := inside(t, areas[licence]); n > most {
			best, most = licence, n
		}
	}
	return slices.DeleteFunc(layers, func(l L) bool {
		_, licence := of(l)
		return licence != "" && licence != best
	})
}

// inside counts the chunks of a texture at its full detail that lie inside one of areas.
func inside(t tiles.Texture, areas []Area) (n int) {
	for _, c := range (tiles.Item{Texture: t}).Chunks() {
		if slices.ContainsFunc(areas, func(a Area) bool { return a == nil || a.Cover(c) == Inside }) {
			n++
		}
	}
	return n
}
