package plan

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// KeyPurpose is the row of an archive's metadata that says what it was built for.
const KeyPurpose = "xelpack:plan"

// Purpose is what an archive was built for. Files are named without their folders, which are nobody
// else's business.
type Purpose struct {
	Estimate
	Routes  []string `json:"routes,omitempty"`  // files of flight plans
	Way     string   `json:"way,omitempty"`     // how long the routes are, and from where to where
	Area    []string `json:"area,omitempty"`    // bounding boxes, and files of regions
	Scenery []string `json:"scenery,omitempty"` // names of packages
	Built   string   `json:"built,omitempty"`   // RFC 3339, when the build began
}

// Purpose describes a build that begins now. What the archive was built for before is added to.
func (p *Plan) Purpose(before Purpose, now time.Time) Purpose {
	n := Purpose{
		Estimate: p.Estimate, Way: p.routeText(), Built: now.UTC().Format(time.RFC3339),
		Routes: before.Routes, Area: before.Area, Scenery: before.Scenery,
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
		n.Way = "" // of several builds
	}
	return n
}

// PurposeOf reads what an archive was built for. Archives of earlier versions say less.
func PurposeOf(i mbtiles.Info) Purpose {
	var p Purpose
	if json.Unmarshal([]byte(i.Metadata[KeyPurpose]), &p) != nil {
		return Purpose{} // another program's
	}
	return p
}

// PurposeIn is what the archive in a file was built for, if there is one.
func PurposeIn(ctx context.Context, file string) Purpose {
	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		return Purpose{} // there is none, or opening it to write says what is wrong with it
	}
	defer func() { _ = a.Close() }()
	info, err := a.Info(ctx)
	if err != nil {
		return Purpose{}
	}
	return PurposeOf(info)
}
