package route

import (
	"fmt"
	"math"
)

// longestStep is how many degrees of longitude a leg may span from or to a point beyond ±180. A
// longitude with one digit too many (181 for 18.1) makes longer legs nearly everywhere.
const longestStep = 150

// line gathers the points of a route or ring.
type line struct {
	points []Point
	beyond []string // places of the longitudes beyond ±180
}

// add appends p, which is at place in the file.
func (l *line) add(p Point, place func() string) error {
	if p.beyond() {
		l.beyond = append(l.beyond, place())
	}
	return add(&l.points, p)
}

// settle brings longitudes beyond ±180 into range: writers may count on across the antimeridian. It
// refuses them if the legs do not make clear that this is meant.
func (l *line) settle(n *notes) error {
	if len(l.beyond) == 0 {
		return nil
	}
	places := l.beyond
	for i, p := range l.points {
		if !p.beyond() {
			continue
		}
		// One neighbour is near in plain numbers, so the line was continued beyond 180; the other
		// is near at least on the globe.
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
			n.add(places[0], "longitude %v is read as %v", p.Lon(), wrapped(p.Lon()))
			places = places[1:]
		}
	}
	l.beyond = nil
	return nil
}

// beyond reports whether the longitude is out of range, for settle.
func (p Point) beyond() bool { return math.Abs(p.Lon()) > 180 }

func wrapped(lon float64) float64 { return math.Remainder(lon, 360) }

func longitudeError(lon float64) *Error {
	remedy := "longitudes lie between -180 and 180 degrees"
	if math.Abs(lon) <= maxLongitude {
		remedy += fmt.Sprintf("; write %v instead", wrapped(lon))
	}
	return malformed(remedy, "longitude %v is out of range", lon)
}

// add appends v to a list of points, or of what becomes points, unless the list is too long.
func add[S ~[]T, T any](list *S, v T) error {
	if len(*list) == maxPoints {
		return tooManyPoints()
	}
	*list = append(*list, v)
	return nil
}

func tooManyPoints() error {
	return &Error{Problem: fmt.Sprintf("more than %d points", maxPoints),
		Remedy: "give a simpler route", Err: ErrTooLarge}
}

// merged drops points equal to the one before: they add nothing to the line.
func merged(points []Point) []Point {
	kept := points[:0]
	for i, p := range points {
		if i == 0 || p != kept[len(kept)-1] {
			kept = append(kept, p)
		}
	}
	return kept
}
