package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// planOptions are the flags of plan.
type planOptions struct {
	selectionOptions
	imagery imagery.Options
	packOptions
	JSON bool
	List bool
	Map  string
}

func newPlanCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say what would be built",
		Long: `Says what a build of the same selection would fetch and store. Nothing is fetched.

With --json: textures, chunks, requests, download_bytes, store_bytes, seconds, by_detail, and notes where something was guessed or left out, or should be looked at. With --list: a line a texture, "row col maptype zl k", in the
order in which they would be built; a texture of detail k is built from chunks at ZL-k and is 4096>>k pixels wide.

With --map FILE the plan is drawn as well: FILE.html is one page to look around in, without a network too; FILE.png is a still.`,
		Example: `  xelpack plan --route flight.geojson --scenery ~/scenery/zzXEL_eur_ortho
  xelpack plan --bbox 5.5,43,7.5,44.5 --zoom 16 --provider eox --json
  xelpack plan --route flight.fms --map flight.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPlan(cmd.Context(), o, "", cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.selectionOptions.register(cmd.Flags())
	registerImagery(cmd.Flags(), &o.imagery)
	o.packOptions.register(cmd.Flags())
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print the plan as JSON")
	cmd.Flags().BoolVar(&o.List, "list", false, "print a line a texture: row col maptype zl k")
	cmd.Flags().StringVar(&o.Map, "map", "", "draw the plan as well: `FILE`.html, a page, or FILE.png, a picture")
	return cmd
}

// runPlan says what a build would do; output is where, if that is known.
func runPlan(ctx context.Context, o planOptions, output string, stdout, stderr io.Writer) error {
	if o.JSON && o.List {
		return usageErrorf("--json and --list: choose one")
	}
	drawMap, err := mapWriter(o.Map)
	if err != nil {
		return err
	}
	plan, err := makePlan(ctx, o, output, stderr)
	if err != nil {
		return err
	}
	short := diskNotes(output, plan.Estimate.growth)
	sayAll(stderr, short)
	plan.Notes = append(plan.Notes, short...)
	if drawMap != nil {
		m := plan.planMap(o.selectionOptions)
		if err := writeFile(o.Map, func(w io.Writer) error { return drawMap(m, w) }); err != nil {
			return fmt.Errorf("--map: %w", err)
		}
	}
	switch {
	case o.List:
		w := bufio.NewWriter(stdout)
		for _, it := range plan.Items {
			fmt.Fprintf(w, "%d %d %s %d %d\n", it.Row, it.Col, it.Maptype, it.ZL, it.Detail)
		}
		return w.Flush()
	case o.JSON:
		return json.NewEncoder(stdout).Encode(struct {
			planEstimate
			Notes []string `json:"notes,omitempty"`
		}{plan.Estimate, plan.Notes})
	default:
		return plan.print(stdout)
	}
}

// plan is a selection, where its imagery comes from and what it costs.
type plan struct {
	selected
	Provider fetch.Provider
	Estimate planEstimate
	Notes    []string // what of the inputs was guessed or left out, or should be looked at; said already
}

func makePlan(ctx context.Context, o planOptions, output string, stderr io.Writer) (plan, error) {
	so, fo := o.selectionOptions, o.imagery
	eo, err := o.packOptions.parse()
	if err != nil {
		return plan{}, err
	}
	if err := so.validate(); err != nil {
		return plan{}, err
	}
	if err := fo.Validate(); err != nil {
		return plan{}, err
	}
	g, err := so.ground(stderr)
	if err != nil {
		return plan{}, err
	}
	packages, err := openScenery(ctx, so.Scenery, so.cells(g), stderr)
	if err != nil {
		return plan{}, err
	}
	textures := namedBy(packages, nil)
	if g.Traced != nil {
		textures = slices.Values(g.Traced)
	}
	provider, err := fo.Lookup(textures, notes(stderr))
	if err != nil {
		return plan{}, err
	}
	s, err := so.resolve(ctx, g, packages, provider.Code)
	if err != nil {
		return plan{}, err
	}
	e, err := estimatePlan(ctx, s.Items, provider, fo, eo, output)
	if err != nil {
		return plan{}, err
	}
	p := plan{s, provider, e, slices.Concat(g.Notes, skippedNotes(so.Scenery, packages), provider.Notes)}
	notes := p.extentNotes()
	sayAll(stderr, notes)
	p.Notes = slices.Concat(p.Notes, notes)
	return p, nil
}

// print writes the plan for people.
func (p plan) print(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range p.facts() {
		fmt.Fprintf(b, "%-11s %s\n", f.Name, f.Text)
		if f.Name != factTextures {
			continue
		}
		for _, c := range p.Estimate.ByDetail {
			fmt.Fprintf(b, "  ZL%d k%d    %s from %s, %d px wide\n", c.ZL, c.Detail, units.Plural(c.Textures, "texture"), units.Plural(c.Chunks, "chunk"), 4096>>c.Detail)
		}
	}
	return b.Flush()
}

const factTextures = "textures"

// facts are the totals for people.
func (p plan) facts() []planmap.Fact {
	e := p.Estimate
	textures, chunks := units.Count(e.Textures), units.Count(e.Chunks)
	if p.Real > 0 {
		textures += fmt.Sprintf(" and %s that the scenery holds as real files", units.Count(p.Real))
	}
	if e.work.Enlarged > 0 {
		chunks += fmt.Sprintf(", %s of them enlarged from %s at the provider's deepest zoom level, %d", units.Count(e.work.Enlarged), units.Count(e.work.Parents), p.Provider.MaxZL)
	}
	if e.there > 0 {
		textures += fmt.Sprintf(", %s of them in the archive already", units.Count(e.there))
	}
	requests := units.Count(e.Requests)
	if e.kept > 0 {
		requests += fmt.Sprintf(", %s are in the chunk store already", units.Plural(e.kept, "chunk"))
	}
	var facts []planmap.Fact
	if text := p.routeText(); text != "" {
		facts = append(facts, planmap.Fact{Name: "route", Text: text})
	}
	return append(facts,
		planmap.Fact{Name: "provider", Text: fmt.Sprintf("%s (%s)", p.Provider.ID, p.Provider.Name)},
		planmap.Fact{Name: factTextures, Text: textures},
		planmap.Fact{Name: "chunks", Text: chunks},
		planmap.Fact{Name: "requests", Text: requests},
		planmap.Fact{Name: "download", Text: "about " + units.Bytes(e.DownloadBytes)},
		planmap.Fact{Name: "archive", Text: "about " + units.Bytes(e.StoreBytes)},
		planmap.Fact{Name: "time", Text: "about " + units.Duration(time.Duration(e.Seconds*float64(time.Second)))},
	)
}

// mapWriter returns what draws a file of that name; nil if it has none.
func mapWriter(file string) (func(planmap.Map, io.Writer) error, error) {
	if file == "" {
		return nil, nil
	}
	switch strings.ToLower(filepath.Ext(file)) {
	case ".html":
		return planmap.Map.WriteHTML, nil
	case ".png":
		return planmap.Map.WritePNG, nil
	}
	return nil, usageErrorf("--map %s: the name must end in .html (a page) or .png (a picture)", file)
}

// planMap is the plan as it is drawn, named after the files it was made from.
func (p plan) planMap(o selectionOptions) planmap.Map {
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
		Facts:  p.facts(),
	}
}
