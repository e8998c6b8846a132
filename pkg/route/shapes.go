package route

import "github.com/paulmach/orb"

// shapes is what a file of free drawing (GeoJSON, KML) holds, in its order.
type shapes struct {
	lines    []Route
	points   []Point
	polygons orb.MultiPolygon

	linePlace, polygonPlace string // of the first line or point, and of the first polygon
}

// routes returns a route for every line; where there are none, one through the points.
func (s *shapes) routes() ([]Route, error) {
	switch {
	case len(s.polygons) > 0:
		return nil, &Error{Place: s.polygonPlace, Problem: "a polygon is a region, not a route", Remedy: "use --region for it", Err: ErrIsRegion}
	case len(s.lines) > 0:
		return s.lines, nil
	case len(s.points) > 0:
		return []Route{{Points: s.points}}, nil
	}
	return nil, &Error{Problem: "the file has no points", Remedy: "draw the route as a line", Err: ErrNoPoints}
}

// region returns the polygons of a file that holds nothing else.
func (s *shapes) region() (orb.MultiPolygon, error) {
	switch {
	case len(s.lines) > 0 || len(s.points) > 0:
		return nil, &Error{Place: s.linePlace, Problem: "a line or point is a route, not a region", Remedy: "use --route for it", Err: ErrIsRoute}
	case len(s.polygons) == 0:
		return nil, &Error{Problem: "the file has no polygons", Remedy: "draw the region as a polygon", Err: ErrNoPoints}
	}
	return s.polygons, nil
}

// note remembers where the first line and the first polygon stand.
func (s *shapes) note(place string, polygon bool) {
	first := &s.linePlace
	if polygon {
		first = &s.polygonPlace
	}
	if *first == "" {
		*first = place
	}
}

func (s *shapes) addLines(name string, lines ...[]Point) {
	for _, points := range lines {
		s.lines = append(s.lines, Route{Name: name, Points: points})
	}
}

// newRing returns a closed line through points. One that is left open is closed.
func newRing(points []Point) (orb.Ring, error) {
	r := make(orb.Ring, 0, len(points)+1)
	for _, p := range points {
		r = append(r, p.Point)
	}
	if len(r) > 0 && r[0] != r[len(r)-1] {
		r = append(r, r[0])
	}
	if len(r) < 4 {
		return nil, malformed("a ring has at least three corners", "the ring has only %d", max(len(r)-1, 0))
	}
	return r, nil
}

func emptyLine() error {
	return &Error{Problem: "the line has no points", Remedy: "a route needs at least one", Err: ErrNoPoints}
}

func emptyPolygon() error {
	return &Error{Problem: "the polygon has no ring", Remedy: "a region needs at least three corners", Err: ErrNoPoints}
}
