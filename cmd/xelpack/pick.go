package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// pickOptions say which textures of an archive are meant: the flags of extract and prune. All that
// are given must hold.
type pickOptions struct {
	selectionOptions
	Zooms     []int
	Maptypes  []string
	Providers []string
	Holes     bool
}

func (o *pickOptions) register(f *pflag.FlagSet) {
	o.registerArea(f)
	f.StringArrayVar(&o.Scenery, "scenery", nil, "what the terrain of this scenery package `DIR` names; may be repeated")
	f.IntSliceVar(&o.Zooms, "zoom", nil, "zoom levels `ZL`, such as 16,17")
	f.StringSliceVar(&o.Maptypes, "maptype", nil, "maptypes `CODE`, such as BI")
	f.StringSliceVar(&o.Providers, "provider", nil, "what was built from these providers, by `ID`")
	f.BoolVar(&o.Holes, "holes", false, "what has failed chunks")
	explicit(f, "scenery", "zoom", "maptype", "provider", "holes")
}

// validate finds what is wrong with the flags by themselves.
func (o pickOptions) validate() error {
	if o.area() || len(o.Scenery) > 0 || len(o.Zooms) > 0 || len(o.Maptypes) > 0 || len(o.Providers) > 0 || o.Holes {
		return o.validateArea()
	}
	return usageErrorf("nothing is selected: give --route FILE, --bbox W,S,E,N, --region FILE, --scenery DIR, --zoom ZL, --maptype CODE, --provider ID or --holes")
}

func (o pickOptions) area() bool { return len(o.Routes) > 0 || o.BBox != "" || o.Region != "" }

// picked are textures of an archive and what was said while it was found out which.
type picked struct {
	keys  map[tiles.Key]bool
	notes []string
}

// pickedReport is what is printed as JSON of a copy of them.
type pickedReport struct {
	mbtiles.CopyReport
	Notes []string `json:"notes,omitempty"`
}

// pick returns the textures that are meant. The error is tiles.ErrNothing if none is.
func (o pickOptions) pick(ctx context.Context, a *mbtiles.Archive, stderr io.Writer) (picked, error) {
	var s tiles.Selection
	s.Candidates = []tiles.Texture{}
	for e := range a.All() {
		ok, err := o.matches(ctx, a, e)
		if err != nil {
			return picked{}, err
		}
		if ok {
			s.Candidates = append(s.Candidates, e.Texture)
		}
	}
	if len(s.Candidates) == 0 {
		return picked{}, o.noneSuch(ctx, a)
	}
	g, err := o.ground(stderr)
	if err != nil {
		return picked{}, err
	}
	s.Regions, s.Paths = g.Regions, g.Paths
	items, err := s.Plan(ctx)
	if errors.Is(err, tiles.ErrNothing) {
		return picked{}, outside("the archive's", s.Candidates)
	}
	if err != nil {
		return picked{}, err
	}
	inArea := make(map[tiles.Key]bool, len(items))
	for _, it := range items {
		inArea[it.Key()] = true
	}
	if len(o.Scenery) == 0 {
		return picked{inArea, g.Notes}, nil
	}
	named := make(map[tiles.Key]bool)
	packages, err := openScenery(ctx, o.Scenery, o.cells(g), stderr)
	if err != nil {
		return picked{}, err
	}
	for _, p := range packages {
		for _, t := range p.Textures() {
			if inArea[t.Key()] {
				named[t.Key()] = true
			}
		}
	}
	if len(named) == 0 {
		return picked{}, noMatch{why: fmt.Sprintf("the scenery names none of the %s that the rest selects", units.Plural(len(inArea), "texture"))}
	}
	return picked{named, slices.Concat(g.Notes, skippedNotes(o.Scenery, packages))}, nil
}

// matches looks at all but where the texture is.
func (o pickOptions) matches(ctx context.Context, a *mbtiles.Archive, e mbtiles.Entry) (bool, error) {
	if len(o.Zooms) > 0 && !slices.Contains(o.Zooms, int(e.Texture.ZL)) {
		return false, nil
	}
	if len(o.Maptypes) > 0 && !slices.ContainsFunc(o.Maptypes, func(m string) bool { return strings.EqualFold(m, e.Texture.Maptype) }) {
		return false, nil
	}
	if len(o.Providers) == 0 && !o.Holes {
		return true, nil
	}
	r, err := a.Record(ctx, e)
	if err != nil {
		return false, err
	}
	return (len(o.Providers) == 0 || slices.Contains(o.Providers, r.Provider)) && (!o.Holes || r.Failed > 0), nil
}
