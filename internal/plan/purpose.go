package plan

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// KeyPurpose is the metadata row with the purpose of an archive.
const KeyPurpose = "xelpack:plan"

// Purpose is what an archive was built for. Files are named without their folders, which are
// private.
type Purpose struct {
	Estimate
	Routes  []string `json:"routes,omitempty"`  // flight plan files
	Way     string   `json:"way,omitempty"`     // length, start and end of the routes
	Area    []string `json:"area,omitempty"`    // bounding boxes and region files
	Scenery []string `json:"scenery,omitempty"` // names of packages
	Built   string   `json:"built,omitempty"`   // RFC 3339, when the build began

	Settings *Settings `json:"settings,omitempty"` // of the last build
}

// Settings say how sharp textures were planned.
type Settings struct {
	Detail         string  `json:"detail"`
	PixelAngle     float64 `json:"pixel_angle"`
	Enlarge        uint8   `json:"enlarge"`
	TerrainCeiling string  `json:"terrain_ceiling"`
}

// Apply puts the settings into o, except those that were asked for by the name of their flag.
func (s Settings) Apply(o *Selection, asked func(flag string) bool) {
	if !asked("detail") {
		o.Detail = s.Detail
	}
	if !asked("pixel-angle") {
		o.PixelAngle = s.PixelAngle
	}
	if !asked("enlarge") {
		o.Enlarge = s.Enlarge
	}
	if !asked("terrain-ceiling") {
		o.TerrainCeiling = s.TerrainCeiling
	}
}

// Purpose describes a build that begins now, in addition to what the archive was built for before.
func (p *Plan) Purpose(before Purpose, now time.Time) Purpose {
	n := Purpose{
		Estimate: p.Estimate, Way: p.routeText(), Built: now.UTC().Format(time.RFC3339),
		Routes: before.Routes, Area: before.Area, Scenery: before.Scenery,
		Settings: &Settings{p.Options.Detail, p.Options.PixelAngle, p.Options.Enlarge,
			p.Options.TerrainCeiling},
	}
	add := func(list *[]string, name string) {
		if name != "" && !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	base := func(file string) string {
		if path, err := filepath.Abs(file); err == nil && file != "" {
			return filepath.Base(path)
		}
		return file
	}
	o := p.Options
	for _, file := range o.Routes {
		add(&n.Routes, base(file))
	}
	for _, dir := range o.Scenery {
		add(&n.Scenery, base(dir))
	}
	add(&n.Area, o.BBox)
	add(&n.Area, base(o.Region))
	if len(before.Routes) > 0 && before.Way != n.Way {
		n.Way = "" // several builds
	}
	return n
}

// Purpose returns what an archive of textures of a is for, as its metadata, of which kept are
// picked or, if left, are what the picked ones leave. All of a is for what a is for. A part of it
// is for the routes and areas by which alone it was picked; how sharp textures were planned holds
// for any of them.
func (o Pick) Purpose(ctx context.Context, a *mbtiles.Archive, kept int, left bool) (string, error) {
	info, err := a.Info(ctx)
	if err != nil || info.Metadata[KeyPurpose] == "" {
		return "", err
	}
	if kept == info.Textures {
		return info.Metadata[KeyPurpose], nil
	}
	before := PurposeOf(info)
	n := Purpose{Settings: before.Settings, Scenery: before.Scenery, Built: before.Built}
	n.Textures = kept
	if !left && o.Given() && len(o.Textures)+len(o.Zooms)+len(o.Maptypes)+len(o.Providers) == 0 && !o.Holes {
		for _, file := range o.Routes {
			n.Routes = append(n.Routes, filepath.Base(file))
		}
		for _, area := range []string{o.BBox, o.Region} {
			if area != "" {
				n.Area = append(n.Area, filepath.Base(area))
			}
		}
	}
	text, err := json.Marshal(n)
	return string(text), err
}

// PurposeOf reads what an archive was built for. Archives of earlier versions have less.
func PurposeOf(i mbtiles.Info) Purpose {
	var p Purpose
	if json.Unmarshal([]byte(i.Metadata[KeyPurpose]), &p) != nil {
		return Purpose{} // written by another program
	}
	return p
}

// PurposeIn reads the purpose of the archive in a file, if there is one.
func PurposeIn(ctx context.Context, file string) Purpose {
	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		return Purpose{} // no archive, or opening it for writing will report the error
	}
	defer func() { _ = a.Close() }()
	info, err := a.Info(ctx)
	if err != nil {
		return Purpose{}
	}
	return PurposeOf(info)
}
