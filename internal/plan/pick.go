package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Pick selects textures of an archive. All conditions given must match.
type Pick struct {
	Area
	Textures  []string // by name
	Scenery   []string // named by the terrain of these packages
	Zooms     []int
	Maptypes  []string
	Providers []string
	Holes     bool // textures with failed chunks
}

// Validate checks the options by themselves.
func (o Pick) Validate() error {
	for _, name := range o.Textures {
		if _, err := tiles.ParseName(name); err != nil {
			return usage.Errorf("--texture: %w", err)
		}
	}
	if o.Given() || len(o.Textures) > 0 || len(o.Scenery) > 0 || len(o.Zooms) > 0 || len(o.Maptypes) > 0 ||
		len(o.Providers) > 0 || o.Holes {
		return o.Area.Validate()
	}
	return usage.Errorf("nothing is selected: give --route FILE, --bbox W,S,E,N, --region FILE, " +
		"--texture NAME, --scenery DIR, --zoom ZL, --maptype CODE, --provider ID or --holes")
}

// Picked are the selected textures of an archive, with notes.
type Picked struct {
	Keys  map[tiles.Key]bool
	Notes []string
}

// Of returns the selected textures of a. The error is tiles.ErrNothing if there are none.
func (o Pick) Of(ctx context.Context, a *mbtiles.Archive, note func(string)) (Picked, error) {
	wanted := make(map[tiles.Key]bool, len(o.Textures))
	for _, name := range o.Textures {
		t, err := tiles.ParseName(name)
		if err != nil {
			return Picked{}, err
		}
		if _, ok := a.Lookup(t.Key()); !ok {
			return Picked{}, NoMatch{why: fmt.Sprintf("the archive has no texture %s", t.Name())}
		}
		wanted[t.Key()] = true
	}
	var s tiles.Selection
	s.Candidates = []tiles.Texture{}
	for e := range a.All() {
		ok, err := o.matches(ctx, a, e)
		if err != nil {
			return Picked{}, err
		}
		if ok && (len(wanted) == 0 || wanted[e.Texture.Key()]) {
			s.Candidates = append(s.Candidates, e.Texture)
		}
	}
	if len(s.Candidates) == 0 {
		return Picked{}, o.noneSuch(ctx, a)
	}
	g, err := o.Ground(note)
	if err != nil {
		return Picked{}, err
	}
	s.Regions, s.Paths = g.Regions, g.Paths
	items, err := s.Plan(ctx)
	if errors.Is(err, tiles.ErrNothing) {
		return Picked{}, outside("the archive's", s.Candidates)
	}
	if err != nil {
		return Picked{}, err
	}
	inArea := make(map[tiles.Key]bool, len(items))
	for _, it := range items {
		inArea[it.Key()] = true
	}
	if len(o.Scenery) == 0 {
		return Picked{inArea, g.Notes}, nil
	}
	named := make(map[tiles.Key]bool)
	packages, err := OpenScenery(ctx, o.Scenery, nil, note)
	if err != nil {
		return Picked{}, err
	}
	for t := range Named(packages, nil) {
		if inArea[t.Key()] {
			named[t.Key()] = true
		}
	}
	if len(named) == 0 {
		return Picked{}, NoMatch{
			why: fmt.Sprintf("the scenery names none of the %s that the other conditions select",
				units.Plural(len(inArea), "texture"))}
	}
	return Picked{named, slices.Concat(g.Notes, skippedNotes(o.Scenery, packages))}, nil
}

// matches checks all conditions except the area.
func (o Pick) matches(ctx context.Context, a *mbtiles.Archive, e mbtiles.Entry) (bool, error) {
	if len(o.Zooms) > 0 && !slices.Contains(o.Zooms, int(e.Texture.ZL)) {
		return false, nil
	}
	if len(o.Maptypes) > 0 &&
		!slices.ContainsFunc(o.Maptypes,
			func(m string) bool { return strings.EqualFold(m, e.Texture.Maptype) }) {
		return false, nil
	}
	if len(o.Providers) == 0 && !o.Holes {
		return true, nil
	}
	r, err := a.Record(ctx, e)
	if err != nil {
		return false, err
	}
	return (len(o.Providers) == 0 || slices.Contains(o.Providers, r.Provider)) &&
		(!o.Holes || r.Failed > 0), nil
}
