package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// keyPlan is the row of an archive's metadata that says what it was built for.
const keyPlan = "xelpack:plan"

// planned is what an archive was built for. Files are named without their folders, which are nobody
// else's business.
type planned struct {
	planEstimate
	Routes  []string `json:"routes,omitempty"`  // files of flight plans
	Way     string   `json:"way,omitempty"`     // how long the routes are, and from where to where
	Area    []string `json:"area,omitempty"`    // bounding boxes, and files of regions
	Scenery []string `json:"scenery,omitempty"` // names of packages
	Built   string   `json:"built,omitempty"`   // RFC 3339, when the build began
}

// newPlanned describes a build that begins now. What the archive was built for before is added to.
func newPlanned(o selectionOptions, p plan, before planned, now time.Time) planned {
	n := planned{
		planEstimate: p.Estimate, Way: p.routeText(), Built: now.UTC().Format(time.RFC3339),
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

// plannedOf reads what an archive was built for. Archives of earlier versions say less.
func plannedOf(i mbtiles.Info) planned {
	var p planned
	if json.Unmarshal([]byte(i.Metadata[keyPlan]), &p) != nil {
		return planned{} // another program's
	}
	return p
}

// plannedBefore is what the archive that a build extends was built for, if there is one.
func plannedBefore(ctx context.Context, file string) (p planned) {
	if err := withArchive(ctx, file, func(a *mbtiles.Archive) error {
		info, err := a.Info(ctx)
		p = plannedOf(info)
		return err
	}); err != nil {
		return planned{} // there is none, or opening it to write says what is wrong with it
	}
	return p
}
