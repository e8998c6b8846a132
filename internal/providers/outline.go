package providers

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/pkg/route"
)

// Covers says whether p may have imagery at a point, as far as its outline tells. Points on the
// outline are inside.
func (p Provider) Covers(at orb.Point) bool {
	return p.Outline == nil || planar.MultiPolygonContains(p.Outline, at)
}

// outlineOf returns where a provider has imagery by its description: the polygons of a file, the
// name of which starts from dir, those of a built-in provider, or a box; nil if it says nothing.
func outlineOf(file string, box []float64, dir string) (orb.MultiPolygon, error) {
	switch {
	case file != "" && box != nil:
		return nil, errors.New("outline and bbox: want one of them")
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
	for i, polygon := range outline {
		if err := checkPolygon(polygon); err != nil {
			return nil, fmt.Errorf("outline: %s: polygon %d: %w", file, i+1, err)
		}
	}
	return outline, nil
}

// boxOutline returns the polygon of west, south, east, north in degrees; two if it crosses the
// antimeridian.
func boxOutline(box []float64) (orb.MultiPolygon, error) {
	if len(box) != 4 {
		return nil, fmt.Errorf("bbox: %d numbers: want west, south, east, north", len(box))
	}
	w, s, e, n := box[0], box[1], box[2], box[3]
	switch {
	case !(math.Abs(w) <= 180 && math.Abs(e) <= 180) || w == e:
		return nil, fmt.Errorf("bbox: west %v, east %v: want two longitudes of -180 to 180", w, e)
	case !(-90 <= s && s < n && n <= 90):
		return nil, fmt.Errorf("bbox: south %v, north %v: want two latitudes of -90 to 90, the lower first", s, n)
	}
	of := func(w, e float64) orb.Polygon {
		return orb.Bound{Min: orb.Point{w, s}, Max: orb.Point{e, n}}.ToPolygon()
	}
	if w > e {
		return orb.MultiPolygon{of(w, 180), of(-180, e)}, nil
	}
	return orb.MultiPolygon{of(w, e)}, nil
}

// edge is a side of a polygon, from its western to its eastern end.
type edge struct{ a, b orb.Point }

// checkPolygon says what of a polygon leaves open what lies inside.
func checkPolygon(polygon orb.Polygon) error {
	var edges []edge
	for _, ring := range polygon {
		for i := range len(ring) - 1 {
			a, b := ring[i], ring[i+1]
			if a[0] > b[0] {
				a, b = b, a
			}
			switch width := b[0] - a[0]; {
			case a == b:
				continue
			case width > 180 && width < 360:
				return fmt.Errorf("its edge at latitude %.4g crosses the antimeridian, or is longer than 180°: cut the polygon in two at 180°, or put a point between", a[1])
			}
			edges = append(edges, edge{a, b})
		}
	}
	slices.SortFunc(edges, func(e, f edge) int { return cmp.Compare(e.a[0], f.a[0]) })
	var open []edge // that reach the meridian of the one looked at
	for _, e := range edges {
		open = slices.DeleteFunc(open, func(f edge) bool { return f.b[0] < e.a[0] })
		for _, f := range open {
			if at, cross := e.crosses(f); cross {
				return fmt.Errorf("its outline crosses itself at %.5g,%.5g (latitude, longitude)", at[1], at[0])
			}
		}
		open = append(open, e)
	}
	return nil
}

// crosses says whether the insides of two edges have one point in common, and which.
func (e edge) crosses(f edge) (at orb.Point, yes bool) {
	side := func(e edge, p orb.Point) float64 {
		return (e.b[0]-e.a[0])*(p[1]-e.a[1]) - (e.b[1]-e.a[1])*(p[0]-e.a[0])
	}
	s, t := side(e, f.a), side(e, f.b)
	if s*t >= 0 || side(f, e.a)*side(f, e.b) >= 0 {
		return at, false
	}
	part := s / (s - t)
	return orb.Point{f.a[0] + part*(f.b[0]-f.a[0]), f.a[1] + part*(f.b[1]-f.a[1])}, true
}
