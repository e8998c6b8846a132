package providers

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/pkg/route"
)

// Covers reports whether p may have imagery at a point according to its outline. Points on the
// outline are inside.
func (p Provider) Covers(at orb.Point) bool {
	return p.Outline == nil || planar.MultiPolygonContains(p.Outline, at)
}

// outlineOf returns where a provider has imagery by its description: the polygons of a file, whose
// name is relative to dir, those of a built-in provider, or a box; nil if there is none.
func outlineOf(file string, box []float64, dir string) (orb.MultiPolygon, error) {
	switch {
	case file != "" && box != nil:
		return nil, errors.New("outline and bbox cannot be combined")
	case box != nil:
		return boxOutline(box)
	case file == "":
		return nil, nil
	}
	if outline, ok := packedOutlines()[file]; ok {
		return outline, nil
	}
	if file = realpath.Home(file); !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	outline, _, err := route.ReadRegion(file)
	if err != nil {
		return nil, fmt.Errorf("outline: %w", err)
	}
	if err := area.Check(outline); err != nil {
		return nil, fmt.Errorf("outline: %s: %w", file, err)
	}
	return outline, nil
}

// boxOutline returns the polygon of west, south, east, north in degrees; two if it crosses the
// antimeridian.
func boxOutline(box []float64) (orb.MultiPolygon, error) {
	if len(box) != 4 {
		return nil, fmt.Errorf("bbox: %d numbers (want west, south, east, north)", len(box))
	}
	w, s, e, n := box[0], box[1], box[2], box[3]
	switch {
	case !(math.Abs(w) <= 180 && math.Abs(e) <= 180) || w == e:
		return nil, fmt.Errorf("bbox: west %v, east %v: must be within -180 to 180", w, e)
	case !(-90 <= s && s < n && n <= 90):
		return nil, fmt.Errorf(
			"bbox: south %v, north %v: must be within -90 to 90, the lower first", s, n)
	}
	of := func(w, e float64) orb.Polygon {
		return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}.ToPolygon()
	}
	if w > e {
		return orb.MultiPolygon{of(w, 180), of(-180, e)}, nil
	}
	return orb.MultiPolygon{of(w, e)}, nil
}
