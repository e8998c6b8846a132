package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/route"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// selectionOptions say which textures are meant: the flags that plan and build share.
type selectionOptions struct {
	Routes   []string
	BBox     string
	Region   string
	Scenery  []string
	Traces   []string
	Meshes   bool
	Zoom     uint8
	Maptype  string
	Corridor string
	Detail   string

	PixelAngle     float64
	TerrainCeiling string
}

func (o *selectionOptions) register(f *pflag.FlagSet) {
	o.registerArea(f)
	f.StringArrayVar(&o.Scenery, "scenery", nil, "scenery package `DIR` whose terrain names the textures; may be repeated")
	f.StringArrayVar(&o.Traces, "from-trace", nil, "what a past flight asked for, a `FILE` that \"xelpack mount --trace\" recorded; may be repeated. Of it the part that --route, --bbox or --region leaves, if given")
	f.BoolVar(&o.Meshes, "meshes", false, "read only the terrain that the meshes (DSF) of the area list: quicker on a package whose hundreds of thousands of terrain files were never read before")
	f.Uint8Var(&o.Zoom, "zoom", 16, "zoom level `ZL` of the textures without --scenery")
	f.StringVar(&o.Maptype, "maptype", "", "maptype `CODE` in the names of textures without --scenery (default the provider's)")
	f.StringVar(&o.Detail, "detail", "sight", "sight: what is far from the route less sharp, as sharp as it can be seen; full: everything at full detail")
	f.Float64Var(&o.PixelAngle, "pixel-angle", tiles.DefaultPixelAngle, "angle of a screen pixel in `RADIANS`")
	f.StringVar(&o.TerrainCeiling, "terrain-ceiling", "10000ft", "`HEIGHT` that a route's altitudes are counted from, for what can be seen")
}

// registerArea registers the flags that say where.
func (o *selectionOptions) registerArea(f *pflag.FlagSet) {
	f.StringArrayVar(&o.Routes, "route", nil, "flight plan `FILE`; may be repeated. Of a drawing (GeoJSON, KML) the lines, or else the points")
	f.StringVar(&o.BBox, "bbox", "", "area `W,S,E,N` in degrees; W greater than E crosses the antimeridian")
	f.StringVar(&o.Region, "region", "", "area as a GeoJSON, KML or KMZ `FILE` of polygons; what else it holds is left")
	f.StringVar(&o.Corridor, "corridor", "", "reach only this far from the route: `WIDTH` in nm, km or m (default every cell of 1° × 1° that X-Plane loads along it, whole)")
}

// ground is where the options lead, before it is known what textures there are.
type ground struct {
	Regions tiles.Union
	Paths   []*tiles.Path
	Traced  []tiles.Texture // of --from-trace; never nil with it
	Notes   []string        // what of the files was left out, merged or guessed, said already
}

// note says and keeps what route notes of a file.
func (g *ground) note(file string, notes []string, stderr io.Writer) {
	for _, text := range notes {
		text = file + ": " + text
		g.Notes = append(g.Notes, text)
		fmt.Fprintln(stderr, text)
	}
}

// selected is what the options come to.
type selected struct {
	ground
	Items []tiles.Item
	Real  int // textures of the selection that the scenery holds as real files

	Packages int     // whose terrain the textures are of
	Covered  float64 // metres of the paths that lie over that terrain
}

// validateArea finds what is wrong with the flags of registerArea by themselves.
func (o selectionOptions) validateArea() error {
	if o.Corridor != "" && len(o.Routes) == 0 {
		return usageErrorf("--corridor is a distance from a route: give --route FILE as well")
	}
	return nil
}

// validate finds what is wrong with the flags by themselves.
func (o selectionOptions) validate() error {
	switch {
	case len(o.Routes) == 0 && o.BBox == "" && o.Region == "" && len(o.Scenery) == 0 && len(o.Traces) == 0:
		return usageErrorf("nothing to select: give --route FILE, --bbox W,S,E,N, --region FILE, --scenery DIR or --from-trace FILE")
	case o.Detail != "sight" && o.Detail != "full":
		return usageErrorf("--detail %q: want sight or full", o.Detail)
	case !(o.PixelAngle > 0 && o.PixelAngle < 1):
		return usageErrorf("--pixel-angle %v: want radians above 0, such as 0.0003", o.PixelAngle)
	case len(o.Scenery) == 0 && (o.Zoom < 10 || tiles.ZL(o.Zoom) > tiles.MaxZL):
		return usageErrorf("--zoom %d: want a zoom level of 10 to %d; X-Plane's ortho scenery is mostly at 16", o.Zoom, tiles.MaxZL)
	case o.Meshes && (len(o.Scenery) == 0 || len(o.Routes) == 0 && o.BBox == "" && o.Region == ""):
		return usageErrorf("--meshes is about the part of a scenery package in an area: give --scenery DIR and --route, --bbox or --region as well")
	case o.Maptype != "" && len(o.Scenery) > 0:
		return usageErrorf("--maptype is for textures without --scenery: a scenery package names its own")
	case o.Maptype != "":
		if err := tiles.ValidMaptype(o.Maptype); err != nil {
			return usageErrorf("--maptype: %w", err)
		}
	}
	return o.validateArea()
}

// resolve returns what the options mean on the ground g. maptype is what textures without scenery
// are named after.
func (o selectionOptions) resolve(ctx context.Context, g ground, packages []*scenery.Package, maptype string) (selected, error) {
	s := tiles.Selection{
		Regions:    g.Regions,
		Paths:      g.Paths,
		Sight:      o.Detail == "sight",
		PixelAngle: o.PixelAngle,
		ZL:         tiles.ZL(o.Zoom),
		Maptype:    cmp.Or(o.Maptype, maptype),
	}
	onDisk := make(map[tiles.Key]bool)
	if len(packages) > 0 {
		s.Candidates = []tiles.Texture{}
		for _, p := range packages {
			for _, t := range p.Textures() {
				s.Candidates = append(s.Candidates, t.Texture)
				if t.Real {
					onDisk[t.Key()] = true
				}
			}
		}
	}
	found := selected{ground: g, Packages: len(packages)}
	if len(o.Traces) > 0 {
		s.Candidates, found.Packages = g.Traced, 0
	}
	items, err := s.Plan(ctx)
	if errors.Is(err, tiles.ErrNothing) {
		return selected{}, found.outside(s.Candidates)
	}
	if err != nil {
		return selected{}, err
	}
	if found.Packages > 0 {
		for _, p := range g.Paths {
			found.Covered += p.Covered(items)
		}
	}
	found.Items = slices.DeleteFunc(items, func(it tiles.Item) bool { return onDisk[it.Key()] })
	found.Real = len(items) - len(found.Items)
	return found, nil
}

// ground reads the files that --bbox, --region and --route name, and says on stderr what of them
// was not used as it stands.
func (o selectionOptions) ground(stderr io.Writer) (ground, error) {
	var g ground
	if o.BBox != "" {
		r, err := tiles.ParseBBox(o.BBox)
		if err != nil {
			return g, usageErrorf("--bbox: %w", err)
		}
		g.Regions = append(g.Regions, r)
	}
	if o.Region != "" {
		polygons, notes, err := route.ReadRegion(o.Region)
		if err != nil {
			return g, fmt.Errorf("--region: %w", err)
		}
		g.note(o.Region, notes, stderr)
		g.Regions = append(g.Regions, tiles.Polygons(polygons))
	}
	if len(o.Traces) > 0 {
		var err error
		if g.Traced, err = tracedTextures(o.Traces, stderr); err != nil {
			return g, fmt.Errorf("--from-trace: %w", err)
		}
	}
	ceiling, err := units.ParseLength(cmp.Or(o.TerrainCeiling, "0m"))
	if err != nil {
		return g, usageErrorf("--terrain-ceiling: %w", err)
	}
	for _, file := range o.Routes {
		routes, notes, err := route.Read(file)
		if err != nil {
			return g, fmt.Errorf("--route: %w", err)
		}
		g.note(file, notes, stderr)
		for _, r := range routes {
			path := flownPath(r, ceiling)
			reach, err := o.reach(path)
			if err != nil {
				return g, err
			}
			g.Paths = append(g.Paths, path)
			g.Regions = append(g.Regions, reach)
		}
	}
	return g, nil
}

// cells says which meshes are worth reading with --meshes; nil without it: all terrain is.
func (o selectionOptions) cells(g ground) func(scenery.Cell) bool {
	if !o.Meshes {
		return nil
	}
	return func(c scenery.Cell) bool { return g.Regions.Meets(c.Box()) }
}

// reach is what a route selects: its corridor, or all that X-Plane loads.
func (o selectionOptions) reach(path *tiles.Path) (tiles.Region, error) {
	if o.Corridor == "" {
		return path.Window(), nil
	}
	width, err := units.ParseLength(o.Corridor)
	if err != nil {
		return nil, usageErrorf("--corridor: %w", err)
	}
	return path.Corridor(width), nil
}

// flownPath gives the route's points their heights above the highest ground.
func flownPath(r route.Route, ceiling float64) *tiles.Path {
	var points []tiles.PathPoint
	for _, p := range r.Profile() {
		points = append(points, tiles.PathPoint{Point: p.Point, Height: max(0, p.Altitude-ceiling)})
	}
	return tiles.NewPath(points...)
}

// openScenery reads the packages, or the terrain of some of their cells, and says on stderr what of
// their terrain could not be used.
func openScenery(ctx context.Context, dirs []string, cells func(scenery.Cell) bool, stderr io.Writer) ([]*scenery.Package, error) {
	cache, err := scenery.CacheDir()
	if err != nil {
		cache = "" // no home: the terrain is read every time
	}
	var packages []*scenery.Package
	for _, dir := range dirs {
		p, err := scenery.OpenWith(ctx, dir, scenery.Options{Cache: cache, Cells: cells})
		if err != nil {
			return nil, fmt.Errorf("--scenery: %w", err)
		}
		packages = append(packages, p)
	}
	sayAll(stderr, skippedNotes(dirs, packages))
	return packages, nil
}

// skippedNotes says what of the terrain of the packages in dirs could not be used.
func skippedNotes(dirs []string, packages []*scenery.Package) (notes []string) {
	for i, p := range packages {
		if n := p.SkippedCount(); n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %s skipped: %s", filepath.Base(dirs[i]), units.Plural(n, "terrain file"), p.SkippedText()))
		}
	}
	return notes
}
