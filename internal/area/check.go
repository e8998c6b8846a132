package area

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Check returns what is wrong with polygons, and where, or nil.
func Check(mp orb.MultiPolygon) error {
	if len(mp) == 0 {
		return fmt.Errorf("it has no polygons")
	}
	for i, rings := range mp {
		which := ""
		if len(mp) > 1 {
			which = fmt.Sprintf("polygon %d: ", i+1)
		}
		if err := checkPolygon(rings); err != nil {
			return fmt.Errorf("%s%w", which, err)
		}
	}
	return nil
}

func checkPolygon(rings orb.Polygon) error {
	if len(rings) == 0 {
		return errors.New("a polygon has no rings")
	}
	p := &polygon{}
	for _, ring := range rings {
		corners := map[orb.Point]bool{}
		for i, pt := range ring {
			next := ring[(i+1)%len(ring)]
			switch turn := math.Abs(next.Lon() - pt.Lon()); {
			case !(math.Abs(pt.Lon()) <= 180 && math.Abs(pt.Lat()) <= 90):
				return fmt.Errorf("%s is not within 180 degrees of longitude and 90 of latitude: "+
					"cut an outline in two at the antimeridian", place(pt))
			case turn > 180 && turn < 360:
				return fmt.Errorf("it crosses the antimeridian between %s and %s: cut it in two "+
					"there, one polygon to 180 and one from -180", place(pt), place(next))
			}
			corners[pt] = true
			if pt != next {
				p.add(&line{a: pt, b: next})
			}
		}
		if len(corners) < 3 {
			return fmt.Errorf("a ring has %d corners (want at least 3)", len(corners))
		}
	}
	for _, lines := range p.bands {
		for i, l := range lines {
			for _, m := range lines[:i] {
				if at, crossed := l.crosses(m); crossed {
					return fmt.Errorf("its outline crosses itself near %s", place(at))
				}
			}
		}
	}
	return nil
}

// place formats a point like --at.
func place(p orb.Point) string { return fmt.Sprintf("%.5g,%.5g", p.Lat(), p.Lon()) }

// crosses reports whether l and m have a common point that is not an end of either.
func (l *line) crosses(m *line) (at orb.Point, crossed bool) {
	sideOf := func(n *line, p orb.Point) float64 {
		return (n.b[0]-n.a[0])*(p[1]-n.a[1]) - (n.b[1]-n.a[1])*(p[0]-n.a[0])
	}
	a, b := sideOf(m, l.a), sideOf(m, l.b)
	if a*b >= 0 || sideOf(l, m.a)*sideOf(l, m.b) >= 0 {
		return at, false
	}
	t := a / (a - b)
	return orb.Point{l.a[0] + t*(l.b[0]-l.a[0]), l.a[1] + t*(l.b[1]-l.a[1])}, true
}
