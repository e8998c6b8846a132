package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// NoMatch is tiles.ErrNothing with the reason.
type NoMatch struct {
	why   string
	Place bool // the area is the reason
}

func (e NoMatch) Error() string { return tiles.ErrNothing.Error() + ": " + e.why }

func (e NoMatch) Unwrap() error { return tiles.ErrNothing }

// outside says that there are textures, but not in the selection. whose is their owner, such as
// "the scenery's".
func outside(whose string, textures []tiles.Texture) NoMatch {
	if len(textures) == 0 {
		return NoMatch{why: strings.TrimSuffix(whose, "'s") + " names no texture there"}
	}
	boxes := make([]tiles.Box, len(textures))
	for i, t := range textures {
		boxes[i] = t.Box()
	}
	b := planmap.Around(boxes)
	return NoMatch{Place: true,
		why: fmt.Sprintf("%s %s lie within %.2f,%.2f,%.2f,%.2f (W,S,E,N)", whose,
			units.Plural(len(textures), "texture"), b.West, b.South, b.East, b.North)}
}

// noneSuch says why no texture of the archive matches --zoom, --maptype, --provider and --holes.
func (o Pick) noneSuch(ctx context.Context, a *mbtiles.Archive) error {
	levels, maptypes, providers, holes := make(map[string]bool), make(map[string]bool), make(
		map[string]bool), false
	for e := range a.All() {
		r, err := a.Record(ctx, e)
		if err != nil {
			return err
		}
		levels[fmt.Sprintf("%d",
			e.Texture.ZL)], maptypes[e.Texture.Maptype], providers[r.Provider] = true, true, true
		holes = holes || r.Failed > 0
	}
	var zooms []string
	for _, z := range o.Zooms {
		zooms = append(zooms, fmt.Sprint(z))
	}
	switch {
	case a.Len() == 0:
		return NoMatch{why: "the archive holds none"}
	case lacks(levels, zooms):
		return NoMatch{why: "the archive holds ZL " + listed(levels)}
	case lacks(maptypes, o.Maptypes):
		return NoMatch{why: "the archive holds maptype " + listed(maptypes)}
	case lacks(providers, o.Providers):
		return NoMatch{why: "the archive was built from " + listed(providers)}
	case o.Holes && !holes:
		return NoMatch{why: "the archive has no holes"}
	}
	return NoMatch{why: "some textures of the archive match each condition, but none match all"}
}

// lacks reports whether something is wanted and none of it exists.
func lacks(there map[string]bool, wanted []string) bool {
	return len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool {
		for have := range there {
			if strings.EqualFold(w, have) {
				return true
			}
		}
		return false
	})
}

func listed(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }
