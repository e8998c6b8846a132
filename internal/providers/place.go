package providers

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"

	"github.com/xelpack/xelpack/pkg/route"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Place is where imagery is wanted: points or boxes.
type Place struct {
	Points []orb.Point
	Boxes  []orb.Bound
}

// At reads "LAT,LON".
func At(s string) (Place, error) {
	lat, lon, ok := strings.Cut(s, ",")
	y, errY := strconv.ParseFloat(strings.TrimSpace(lat), 64)
	x, errX := strconv.ParseFloat(strings.TrimSpace(lon), 64)
	if !ok || errY != nil || errX != nil || !(math.Abs(y) <= 85) || !(math.Abs(x) <= 180) {
		return Place{}, fmt.Errorf(
			"%q (want LAT,LON in degrees, such as 46.2,6.1, with the latitude within ±85)", s)
	}
	return Place{Points: []orb.Point{{x, y}}}, nil
}

// Within reads "W,S,E,N", as tiles.ParseBBox does.
func Within(s string) (Place, error) {
	if _, err := tiles.ParseBBox(s); err != nil {
		return Place{}, err
	}
	var box []float64
	for field := range strings.SplitSeq(s, ",") {
		f, _ := strconv.ParseFloat(strings.TrimSpace(field), 64) // parsed before: it cannot fail
		box = append(box, f)
	}
	outline, err := boxOutline(box)
	p := Place{}
	for _, polygon := range outline {
		p.Boxes = append(p.Boxes, polygon.Bound())
	}
	return p, err
}

// alongStep is the distance between points of a route, in metres.
const alongStep = 2000

// Along reads the routes of a file; notes are those of route.Read.
func Along(file string) (p Place, notes []string, err error) {
	routes, notes, err := route.Read(file)
	for _, r := range routes {
		var points []tiles.PathPoint
		for _, at := range r.Points {
			points = append(points, tiles.PathPoint{Point: at.Point})
		}
		p.Points = append(p.Points, tiles.NewPath(points...).Points(alongStep)...)
	}
	return p, notes, err
}

// Share returns the share of a place that p covers: of its points, or of the area of its boxes.
func (p Provider) Share(at Place) float64 {
	if p.Outline == nil {
		return 1
	}
	if len(at.Boxes) == 0 {
		covered := 0
		for _, point := range at.Points {
			if p.Covers(point) {
				covered++
			}
		}
		return float64(covered) / float64(max(1, len(at.Points)))
	}
	covered, whole := 0.0, 0.0
	for _, box := range at.Boxes {
		whole += geo.Area(box.ToPolygon())
		covered += geo.Area(clip.MultiPolygon(box, p.Outline.Clone()))
	}
	return min(1, covered/whole)
}

// Middle returns a point of the place.
func (at Place) Middle() orb.Point {
	if len(at.Boxes) > 0 {
		return at.Boxes[0].Center()
	}
	return at.Points[len(at.Points)/2]
}

// Somewhere returns a point where p may have imagery: wanted if possible.
func (p Provider) Somewhere(wanted orb.Point) orb.Point {
	if p.Covers(wanted) {
		return wanted
	}
	var largest orb.Polygon
	for _, polygon := range p.Outline {
		if largest == nil || geo.Area(polygon) > geo.Area(largest) {
			largest = polygon
		}
	}
	const steps = 16
	// distance from the outline, where a provider may have less than it claims
	best, far := wanted, 0.0
	for i := range steps * steps {
		bound := largest.Bound()
		at := orb.Point{
			bound.Min[0] + (bound.Max[0]-bound.Min[0])*(float64(i%steps)+0.5)/steps,
			bound.Min[1] + (bound.Max[1]-bound.Min[1])*(float64(i/steps)+0.5)/steps,
		}
		if d := planar.DistanceFrom(orb.LineString(largest[0]), at); d > far &&
			planar.PolygonContains(largest, at) {
			best, far = at, d
		}
	}
	return best
}
