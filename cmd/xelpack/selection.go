package main

import (
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// registerSelection registers the flags that plan and build share: which textures are meant.
func registerSelection(f *pflag.FlagSet, o *plan.Selection) {
	registerArea(f, &o.Area)
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
func registerArea(f *pflag.FlagSet, o *plan.Area) {
	f.StringArrayVar(&o.Routes, "route", nil, "flight plan `FILE`; may be repeated. Of a drawing (GeoJSON, KML) the lines, or else the points")
	f.StringVar(&o.BBox, "bbox", "", "area `W,S,E,N` in degrees; W greater than E crosses the antimeridian")
	f.StringVar(&o.Region, "region", "", "area as a GeoJSON, KML or KMZ `FILE` of polygons; what else it holds is left")
	f.StringVar(&o.Corridor, "corridor", "", "reach only this far from the route: `WIDTH` in nm, km or m (default every cell of 1° × 1° that X-Plane loads along it, whole)")
}

// registerPick registers the flags of extract and prune: which textures of an archive are meant.
func registerPick(f *pflag.FlagSet, o *plan.Pick) {
	registerArea(f, &o.Area)
	f.StringArrayVar(&o.Scenery, "scenery", nil, "what the terrain of this scenery package `DIR` names; may be repeated")
	f.IntSliceVar(&o.Zooms, "zoom", nil, "zoom levels `ZL`, such as 16,17")
	f.StringSliceVar(&o.Maptypes, "maptype", nil, "maptypes `CODE`, such as BI")
	f.StringSliceVar(&o.Providers, "provider", nil, "what was built from these providers, by `ID`")
	f.BoolVar(&o.Holes, "holes", false, "what has failed chunks")
	explicit(f, "scenery", "zoom", "maptype", "provider", "holes")
}

// pickedReport is what is printed as JSON of a copy of picked textures.
type pickedReport struct {
	mbtiles.CopyReport
	Notes []string `json:"notes,omitempty"`
}
