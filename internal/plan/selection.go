package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/route"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Area is a place: along routes, in a box, in polygons, or all of these.
type Area struct {
	Routes   []string // flight plan files
	BBox     string   // "W,S,E,N" in degrees; W greater than E crosses the antimeridian
	Region   string   // a file with polygons
	Corridor string   // distance from the route, such as "40nm"; "": the cells that X-Plane loads

	TerrainCeiling string // height above which a route's altitudes count; "": 0
}

// Given reports whether the area is restricted.
func (o Area) Given() bool { return len(o.Routes) > 0 || o.BBox != "" || o.Region != "" }

// Validate checks the options by themselves.
func (o Area) Validate() error {
	if o.Corridor != "" && len(o.Routes) == 0 {
		return usage.Errorf("--corridor needs a route: give --route FILE as well")
	}
	return nil
}

// Selection selects textures.
type Selection struct {
	Area
	Scenery []string // scenery packages whose terrain names the textures
	Traces  []string // traces of past flights, whose textures are selected
	Meshes  bool     // read only the terrain that the meshes of the area list

	Zoom    uint8  // of textures without Scenery and Traces
	Maptype string // of textures without Scenery and Traces; "": the provider's

	Detail     string  // "sight" or "full"
	PixelAngle float64 // of a screen pixel, in radians
	Enlarge    uint8   // by how many zoom levels imagery is enlarged at most
}

// Defaults returns a selection of nothing with the usual settings.
func Defaults() Selection {
	return Selection{Area: Area{TerrainCeiling: "10000ft"}, Zoom: 16, Detail: "sight",
		PixelAngle: tiles.DefaultPixelAngle, Enlarge: DefaultEnlarge}
}

// Validate checks the options by themselves.
func (o Selection) Validate() error {
	switch {
	case !o.Given() && len(o.Scenery) == 0 && len(o.Traces) == 0:
		return usage.Errorf("nothing selected: give --route FILE, --bbox W,S,E,N, --region FILE, " +
			"--scenery DIR or --from-trace FILE")
	case o.Detail != "sight" && o.Detail != "full":
		return usage.Errorf("unknown --detail %q (want sight or full)", o.Detail)
	case !(o.PixelAngle > 0 && o.PixelAngle < 1):
		return usage.Errorf("--pixel-angle %v: must be positive", o.PixelAngle)
	case o.Enlarge > tiles.MaxDetail:
		return usage.Errorf("--enlarge %d: want 0 to %d zoom levels", o.Enlarge, tiles.MaxDetail)
	case len(o.Scenery) == 0 && (o.Zoom < 10 || tiles.ZL(o.Zoom) > tiles.MaxZL):
		return usage.Errorf("--zoom %d: must be between 10 and %d; X-Plane's ortho scenery "+
			"mostly uses 16", o.Zoom, tiles.MaxZL)
	case o.Meshes && (len(o.Scenery) == 0 || !o.Given()):
		return usage.Errorf("--meshes needs a scenery package and an area: give --scenery DIR " +
			"and --route, --bbox or --region as well")
	case o.Maptype != "" && len(o.Scenery) > 0:
		return usage.Errorf("--maptype is for textures without --scenery: a scenery package " +
			"names its own")
	case o.Maptype != "":
		if err := tiles.ValidMaptype(o.Maptype); err != nil {
			return usage.Errorf("--maptype: %w", err)
		}
	}
	return o.Area.Validate()
}

// Ground is the area of options, before the textures are known.
type Ground struct {
	Regions tiles.Union
	Paths   []*tiles.Path
	Traced  []tiles.Texture // of Selection.Traces; never nil with them
	Notes   []string        // what was left out of files, merged or guessed
}

// note reports and keeps the notes of package route about a file.
func (g *Ground) note(file string, notes []string, note func(string)) {
	for _, text := range notes {
		text = file + ": " + text
		g.Notes = append(g.Notes, text)
		note(text)
	}
}

// Ground reads the files of the options and notes what was not used as it is.
func (o Area) Ground(note func(string)) (Ground, error) {
	var g Ground
	if o.BBox != "" {
		r, err := tiles.ParseBBox(o.BBox)
		if err != nil {
			return g, usage.Errorf("--bbox: %w", err)
		}
		g.Regions = append(g.Regions, r)
	}
	if o.Region != "" {
		polygons, notes, err := route.ReadRegion(o.Region)
		if err != nil {
			return g, fmt.Errorf("--region: %w", err)
		}
		g.note(o.Region, notes, note)
		g.Regions = append(g.Regions, tiles.Polygons(polygons))
	}
	ceiling, err := units.ParseLength(cmp.Or(o.TerrainCeiling, "0m"))
	if err != nil {
		return g, usage.Errorf("--terrain-ceiling: %w", err)
	}
	for _, file := range o.Routes {
		routes, notes, err := route.Read(file)
		if err != nil {
			return g, fmt.Errorf("--route: %w", err)
		}
		g.note(file, notes, note)
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

// reach returns what a route selects: its corridor, or everything that X-Plane loads.
func (o Area) reach(path *tiles.Path) (tiles.Region, error) {
	if o.Corridor == "" {
		return path.Window(), nil
	}
	width, err := units.ParseLength(o.Corridor)
	if err != nil {
		return nil, usage.Errorf("--corridor: %w", err)
	}
	return path.Corridor(width), nil
}

// flownPath returns the route's points with their heights above the highest ground.
func flownPath(r route.Route, ceiling float64) *tiles.Path {
	var points []tiles.PathPoint
	for _, p := range r.Profile() {
		points = append(points, tiles.PathPoint{Point: p.Point, Height: max(0, p.Altitude-ceiling)})
	}
	return tiles.NewPath(points...)
}

// Ground returns the area, with what past flights asked for.
func (o Selection) Ground(note func(string)) (Ground, error) {
	g, err := o.Area.Ground(note)
	if err != nil || len(o.Traces) == 0 {
		return g, err
	}
	if g.Traced, err = trace.Textures(o.Traces, note); err != nil {
		return g, fmt.Errorf("--from-trace: %w", err)
	}
	return g, nil
}

// cells returns which meshes to read with o.Meshes; nil without it: all terrain is read.
func (o Selection) cells(g Ground) func(scenery.Cell) bool {
	if !o.Meshes {
		return nil
	}
	return func(c scenery.Cell) bool { return g.Regions.Meets(c.Box()) }
}

// Selected is the result of a selection.
type Selected struct {
	Ground
	Items  []tiles.Item
	Real   int         // selected textures that are real files of the scenery
	OnDisk []tiles.Key // these

	Packages int     // number of packages that name the textures
	Covered  float64 // metres of the paths over that terrain
}

// Resolve returns what the options select on the ground g. Textures without scenery are named with
// maptype.
func (o Selection) Resolve(ctx context.Context, g Ground, packages []*scenery.Package,
	maptype string) (Selected, error) {
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
	found := Selected{Ground: g, Packages: len(packages)}
	if len(o.Traces) > 0 {
		s.Candidates, found.Packages = g.Traced, 0
	}
	items, err := s.Plan(ctx)
	if errors.Is(err, tiles.ErrNothing) {
		return Selected{}, found.outside(s.Candidates)
	}
	if err != nil {
		return Selected{}, err
	}
	if found.Packages > 0 {
		for _, p := range g.Paths {
			found.Covered += p.Covered(items)
		}
	}
	found.Items = slices.DeleteFunc(items, func(it tiles.Item) bool {
		if onDisk[it.Key()] {
			found.OnDisk = append(found.OnDisk, it.Key())
		}
		return onDisk[it.Key()]
	})
	found.Real = len(found.OnDisk)
	return found, nil
}
