package route

import "github.com/paulmach/orb"

// shapes holds the shapes of a drawing (GeoJSON, KML), in their order. Shapes of the kind that is
// not wanted are only counted.
type shapes struct {
	*notes
	region bool // polygons are wanted, not lines and points

	lines    []Route
	pins     line
	badPins  int
	pinError error // error of the first point; it counts only if there are no lines
	polygons orb.MultiPolygon

	left         int // number of shapes of the kind that is not wanted
	linePlace    string
	polygonPlace string // of the first polygon
}

// wants reports whether a shape at place is of the wanted kind, and counts it if not.
func (s *shapes) wants(place string, polygon bool) bool {
	first := &s.linePlace
	if polygon {
		first = &s.polygonPlace
	}
	if *first == "" {
		*first = place
	}
	if polygon != s.region {
		s.left++
	}
	return polygon == s.region
}

// routes returns a route for every line; if there are none, one through the points.
func (s *shapes) routes() ([]Route, error) {
	switch {
	case len(s.lines) > 0:
		if n := len(s.pins.points) + s.badPins; n > 0 {
			s.add("", "%s left out: the lines are the route", count(n, "point"))
		}
	case s.pinError != nil:
		return nil, s.pinError
	case len(s.pins.points) > 0:
		if err := s.pins.settle(s.notes); err != nil {
			return nil, err
		}
		s.lines = []Route{{Points: s.pins.points}}
		if n := len(s.pins.points); n > 1 {
			s.add("", "no line: %s taken as a route in the order of the file", count(n, "point"))
		}
	case s.left > 0:
		return nil, &Error{Place: s.polygonPlace, Problem: "a polygon is a region, not a route",
			Remedy: "use --region for it", Err: ErrIsRegion}
	default:
		return nil, s.nothing("points", "draw the route as a line")
	}
	if s.left > 0 {
		s.add(s.polygonPlace, "%s left out: a polygon is not a route; --region takes it",
			count(s.left, "polygon"))
	}
	return s.lines, nil
}

// polygonsOnly returns the polygons.
func (s *shapes) polygonsOnly() (orb.MultiPolygon, error) {
	switch {
	case len(s.polygons) == 0 && s.left > 0:
		return nil, &Error{Place: s.linePlace, Problem: "a line or point is a route, not a region",
			Remedy: "use --route for it", Err: ErrIsRoute}
	case len(s.polygons) == 0:
		return nil, s.nothing("polygons", "draw the region as a polygon")
	case s.left > 0:
		s.add(s.linePlace, "%s left out: only polygons are a region; --route takes lines, or "+
			"else points", count(s.left, "shape"))
	}
	return s.polygons, nil
}

// addPin adds a point, or the error about it.
func (s *shapes) addPin(p Point, place func() string, err error) error {
	if err == nil {
		return s.pins.add(p, place)
	}
	if s.badPins++; s.badPins == 1 {
		s.pinError = err
	}
	return nil
}

// addLine adds a line, unless it is empty.
func (s *shapes) addLine(name string, l line, place string) error {
	if len(l.points) == 0 {
		s.add(place, "a line without points is left out")
		return nil
	}
	err := l.settle(s.notes)
	s.lines = append(s.lines, Route{Name: name, Points: l.points})
	return err
}

// ring closes a line. It returns nil for one that encloses nothing.
func (s *shapes) ring(l line, place string) (orb.Ring, error) {
	if err := l.settle(s.notes); err != nil {
		return nil, err
	}
	points := merged(l.points)
	r := make(orb.Ring, 0, len(points)+1)
	for _, p := range points {
		r = append(r, p.Point)
	}
	if len(r) > 0 && r[0] != r[len(r)-1] {
		r = append(r, r[0])
	}
	if len(r) < 4 {
		s.add(place, "a ring of %s encloses nothing and is left out",
			count(max(len(r)-1, 0), "corner"))
		return nil, nil
	}
	return r, nil
}

// addPolygon adds rings, the outer one first.
func (s *shapes) addPolygon(rings orb.Polygon, place string) {
	if len(rings) == 0 || rings[0] == nil {
		s.add(place, "a polygon without an outer ring is left out")
		return
	}
	kept := rings[:0]
	for _, r := range rings {
		if r != nil {
			kept = append(kept, r)
		}
	}
	s.polygons = append(s.polygons, kept)
}
