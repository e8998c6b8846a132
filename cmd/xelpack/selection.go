package main

import (
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// registerSelection registers the flags of plan and build that select textures.
func registerSelection(f *pflag.FlagSet, o *plan.Selection) {
	registerArea(f, &o.Area)
	f.StringArrayVar(&o.Scenery, "scenery", nil,
		"scenery package `DIR` whose terrain names the textures, or its name in X-Plane's Custom "+
			"Scenery; may be repeated")
	f.StringArrayVar(&o.Traces, "from-trace", nil,
		"select what a past flight asked for: `FILE` recorded by \"xelpack mount --trace\"; may "+
			"be repeated. --route, --bbox or --region restrict it")
	f.BoolVar(&o.Meshes, "meshes", false,
		"read only the terrain that the meshes (DSF) of the area list: faster for a huge package "+
			"that was never read before")
	f.Uint8Var(&o.Zoom, "zoom", 16, "zoom level `ZL` of the textures without --scenery")
	f.StringVar(&o.Maptype, "maptype", "",
		"maptype `CODE` in the names of textures without --scenery (default the provider's)")
	registerDetail(f, o)
}

// registerDetail registers the flags about how sharp textures are.
func registerDetail(f *pflag.FlagSet, o *plan.Selection) {
	f.StringVar(&o.Detail, "detail", "sight",
		"sight: textures far from the route only as sharp as can be seen; full: everything at "+
			"full detail")
	f.Float64Var(&o.PixelAngle, "pixel-angle", tiles.DefaultPixelAngle,
		"angle of a screen pixel in `RADIANS`")
	f.Uint8Var(&o.Enlarge, "enlarge", plan.DefaultEnlarge,
		"enlarge imagery by at most 0 to 4 zoom `LEVELS`; textures with less imagery are made smaller")
	f.StringVar(&o.TerrainCeiling, "terrain-ceiling", "10000ft",
		"`HEIGHT` of the terrain above which a route's altitudes count for --detail sight")
}

// registerArea registers the flags of an area.
func registerArea(f *pflag.FlagSet, o *plan.Area) {
	f.StringArrayVar(&o.Routes, "route", nil,
		"flight plan `FILE`, or its name: simbrief:USER, latest, LSGG-LFMN, \"LSGG FL350 DCT LFMN\"; "+
			"may be repeated. From a drawing (GeoJSON, KML) the lines, or else the points")
	f.StringVar(&o.BBox, "bbox", "",
		"area `W,S,E,N` in degrees; W greater than E crosses the antimeridian")
	f.StringVar(&o.Region, "region", "", "area: the polygons of a GeoJSON, KML or KMZ `FILE`")
	f.StringVar(&o.Corridor, "corridor", "",
		"reach only this far from the route: `WIDTH` in nm, km or m (default every whole 1° × 1° "+
			"cell that X-Plane loads along it)")
}

// registerPick registers the flags of extract and prune that select textures of an archive.
func registerPick(f *pflag.FlagSet, o *plan.Pick) {
	registerArea(f, &o.Area)
	registerNames(f, o)
	f.StringArrayVar(&o.Scenery, "scenery", nil,
		"textures named by the terrain of this scenery package `DIR`; may be repeated")
	f.StringSliceVar(&o.Maptypes, "maptype", nil, "maptypes `CODE`, such as BI")
	f.StringSliceVar(&o.Providers, "provider", nil, "textures built from these providers, by `ID`")
	f.BoolVar(&o.Holes, "holes", false, "textures with failed chunks")
	cli.Explicit(f, "scenery", "maptype", "provider", "holes")
}

// registerNames registers the flags that select textures of an archive by their names.
func registerNames(f *pflag.FlagSet, o *plan.Pick) {
	f.StringSliceVar(&o.Textures, "texture", nil,
		"textures `NAME`, such as 23952_33712_BI16, with commas between them")
	f.IntSliceVar(&o.Zooms, "zoom", nil, "zoom levels `ZL`, such as 16,17")
	cli.Explicit(f, "zoom")
}
