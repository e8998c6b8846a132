// Package plan works out what a build would fetch and store: which textures a route, an area, a
// scenery package or a past flight selects, each with its detail; which provider they come from;
// and the cost. It fetches nothing and writes nothing.
//
//	p, err := plan.Make(ctx, plan.Options{Selection: selection, Imagery: provider})
//
// Invalid options are a usage.Error.
package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options describe a plan.
type Options struct {
	Selection
	Imagery imagery.Options
	Making  estimate.Options // how textures are made
	Output  string           // archive to be built; "": a new one
	// called with each note on what was guessed or left out; nil: not called
	Note func(string)
}

// Plan is a selection with the source of its imagery and its cost.
type Plan struct {
	Selected
	Options  Options
	Opened   []*scenery.Package // of Options.Scenery
	Provider fetch.Provider
	Limited  int // textures that are smaller than what can be seen of them, for want of deeper imagery
	Estimate Estimate
	// what was guessed or left out, or should be checked; Note was called with each
	Notes []string
}

// Make makes a plan.
func Make(ctx context.Context, o Options) (*Plan, error) {
	p, err := Select(ctx, o)
	if err != nil {
		return nil, err
	}
	if p.Estimate, err = estimateOf(ctx, p.Items, p.Provider, p.Options); err != nil {
		return nil, err
	}
	extent := p.extentNotes()
	tell(p.Options.Note, extent)
	p.Notes = append(p.Notes, extent...)
	return p, nil
}

// Select makes a plan without its cost.
func Select(ctx context.Context, o Options) (*Plan, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if err := o.Selection.Validate(); err != nil {
		return nil, err
	}
	if err := o.Imagery.Validate(); err != nil {
		return nil, err
	}
	g, err := o.Selection.Ground(o.Note)
	if err != nil {
		return nil, err
	}
	packages, err := OpenScenery(ctx, o.Scenery, o.cells(g), o.Note)
	if err != nil {
		return nil, err
	}
	textures := Named(packages, nil)
	if g.Traced != nil {
		textures = slices.Values(g.Traced)
	}
	p := &Plan{Options: o}
	if p.Provider, err = o.Imagery.Lookup(textures, o.Note); err != nil {
		return nil, err
	}
	if p.Selected, err = o.Resolve(ctx, g, packages, p.Provider.Code); err != nil {
		return nil, err
	}
	p.Opened = packages
	p.Limited = limit(p.Items, p.Provider, o.Enlarge)
	p.Notes = slices.Concat(g.Notes, skippedNotes(o.Scenery, packages), p.Provider.Notes)
	return p, nil
}

// factTextures is the name of the fact that Estimate.ByDetail belongs to.
const factTextures = "textures"

// Facts returns the totals for people.
func (p *Plan) Facts() []planmap.Fact {
	e := p.Estimate
	textures, chunks := units.Count(e.Textures), units.Count(e.Chunks)
	if p.Real > 0 {
		textures += fmt.Sprintf(" and %s that are real files of the scenery", units.Count(p.Real))
	}
	if e.work.Enlarged > 0 {
		from := fmt.Sprintf("the provider's deepest zoom level, %d", p.Provider.MaxZL)
		if len(p.Provider.Layers) > 0 {
			from = "the deepest zoom level of each provider"
		}
		chunks += fmt.Sprintf(", %s of them enlarged from %s at %s",
			units.Count(e.work.Enlarged), units.Count(e.work.Parents), from)
	}
	if p.Limited > 0 {
		textures += fmt.Sprintf(", %s of them smaller for want of deeper imagery", units.Count(p.Limited))
	}
	if e.there > 0 {
		textures += fmt.Sprintf(", %s of them in the archive already", units.Count(e.there))
	}
	requests := units.Count(e.Requests)
	if e.work.Kept > 0 {
		requests += fmt.Sprintf(", %s are in the chunk store already",
			units.Plural(e.work.Kept, "chunk"))
	}
	var facts []planmap.Fact
	if text := p.routeText(); text != "" {
		facts = append(facts, planmap.Fact{Name: "route", Text: text})
	}
	facts = append(facts, planmap.Fact{Name: "provider",
		Text: fmt.Sprintf("%s (%s)", p.Provider.ID, p.Provider.Name)})
	if text := e.sourcesText(); text != "" {
		facts = append(facts, planmap.Fact{Name: "sources", Text: text})
	}
	return append(facts,
		planmap.Fact{Name: factTextures, Text: textures},
		planmap.Fact{Name: "chunks", Text: chunks},
		planmap.Fact{Name: "requests", Text: requests},
		planmap.Fact{Name: "download", Text: "about " + units.Bytes(e.DownloadBytes)},
		planmap.Fact{Name: "archive", Text: "about " + units.Bytes(e.StoreBytes)},
		planmap.Fact{Name: "time",
			Text: "about " + units.Duration(time.Duration(e.Seconds*float64(time.Second)))},
	)
}

// sourcesText lists the sources of a mosaic with their chunks, the most first.
func (e Estimate) sourcesText() string {
	ids := slices.SortedFunc(maps.Keys(e.Sources), func(a, b string) int {
		return cmp.Or(cmp.Compare(e.Sources[b], e.Sources[a]), cmp.Compare(a, b))
	})
	for i, id := range ids {
		ids[i] = fmt.Sprintf("%s %s", id, units.Plural(e.Sources[id], "chunk"))
	}
	return strings.Join(ids, ", ")
}

// Map returns the map of the plan, named after its files.
func (p *Plan) Map() planmap.Map {
	o := p.Options
	var names []string
	for _, file := range slices.Concat(o.Routes, []string{o.Region}, o.Scenery) {
		if file != "" {
			names = append(names, filepath.Base(file))
		}
	}
	if o.BBox != "" {
		names = append(names, "bbox "+o.BBox)
	}
	return planmap.Map{
		Title:  strings.Join(names, ", "),
		Items:  p.Items,
		Routes: p.Paths,
		Area:   tiles.Outline(p.Regions),
		Cells:  tiles.Cells(p.Regions),
		Facts:  p.Facts(),
	}
}
