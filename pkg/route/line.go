package route

import (
	"fmt"
	"math"
)

// longestStep is how many degrees of longitude a leg from or to a point beyond ±180 may span. A
// digit too many (181 for 18.1) makes longer ones nearly everywhere.
const longestStep = 150

// line gathers the points of a route or ring.
type line struct {
	points []Point
	beyond []string // where those stand whose longitudes are beyond ±180
}

// add appends p. place says where it stands in the file.
func (l *line) add(p Point, place func() string) error {
	if p.beyond() {
		l.beyond = append(l.beyond, place())
	}
	return add(&l.points, p)
}

// settle brings longitudes beyond ±180 into range: what is drawn across the antimeridian may count
// on. It refuses them where the legs do not make plain that this is meant.
func (l *line) settle(n *notes) error {
	if len(l.beyond) == 0 {
		return nil
	}
	places := l.beyond
	for i, p := range l.points {
		if !p.beyond() {
			continue
		}
		// One neighbour is near as the numbers stand, so that the line was drawn on beyond 180; the
		// other at least on the globe.
		drawnOn, far := false, false
		for j := max(i-1, 0); j <= min(i+1, len(l.points)-1); j++ {
			step := l.points[j].Lon() - p.Lon()
			drawnOn = drawnOn || j != i && math.Abs(step) < longestStep
			far = far || math.Abs(wrapped(step)) >= longestStep
		}
		if !drawnOn || far {
			return within(places[0], longitudeError(p.Lon()))
		}
		places = places[1:]
	}
	places = l.beyond
	for i, p := range l.points {
		if p.beyond() {
			l.points[i].Point[0] = wrapped(p.Lon())
			n.add(places[0], "longitude %v is taken for %v", p.Lon(), wrapped(p.Lon()))
			places = places[1:]
		}
	}
	l.beyond = nil
	return nil
}

// beyond reports whether the longitude has to be settled.
func (p Point) beyond() bool { return math.Abs(p.Lon()) > 180 }

func wrapped(lon float64) float64 { return math.Remainder(lon, 360) }

func longitudeError(lon float64) *Error {
	remedy := "longitudes lie between -180 and 180 degrees"
	if math.Abs(lon) <= maxLongitude {
		remedy += fmt.Sprintf("; write this one as %v", wrapped(lon))
	}
	return malformed(remedy, "longitude %v is out of range", lon)
}

// add appends v to a list of points, or of what becomes points, unless it is too long already.
func add[S ~[]T, T any](list *S, v T) error {
	if len(*list) == maxPoints {
		return tooManyPoints()
	}
	*list = append(*list, v)
	return nil
}

func tooManyPoints() error {
	return &Error{Problem: fmt.Sprintf("there are more than %d points", maxPoints), Remedy: "give a simpler route", Err: ErrTooLarge}
}

// merged drops points that equal the one before: they add nothing to the line.
func merged(points []Point) []Point {
	kept := points[:0]
	for i, p := range points {
		if i == 0 || p != kept[len(kept)-1] {
			kept = append(kept, p)
		}
	}
	return kept
}
