package tiles

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Box is a rectangle of parallels and meridians in degrees: West < East, South < North, longitudes
// within ±180. It never crosses the antimeridian: an area that does takes two boxes.
type Box struct{ West, South, East, North float64 }

// Center returns the middle of the box.
func (b Box) Center() orb.Point { return orb.Point{(b.West + b.East) / 2, (b.South + b.North) / 2} }

// Overlaps reports whether b and c share more than an edge.
func (b Box) Overlaps(c Box) bool {
	return b.West < c.East && c.West < b.East && b.South < c.North && c.South < b.North
}

// Rounded returns a limit of degrees, with the sign of v, if v misses it by no more than writers
// round, about a metre, and otherwise v.
func Rounded(v, limit float64) float64 {
	const rounding = 1e-5
	if over := math.Abs(v) - limit; over > 0 && over <= rounding {
		return math.Copysign(limit, v)
	}
	return v
}

// ParseBBox reads "W,S,E,N" in degrees. West greater than East means that the area crosses the
// antimeridian.
func ParseBBox(s string) (Region, error) {
	fields := strings.Split(s, ",")
	if len(fields) != 4 {
		return nil, fmt.Errorf("bbox %q: want four numbers W,S,E,N in degrees, such as "+
			"5.5,43,7.5,44.5; got %d", s, len(fields))
	}
	var v [4]float64
	for i, name := range []string{"west", "south", "east", "north"} {
		f, err := strconv.ParseFloat(strings.TrimSpace(fields[i]), 64)
		if err != nil || math.IsNaN(f) {
			return nil, fmt.Errorf("bbox %q: %s is not a number: %q", s, name,
				strings.TrimSpace(fields[i]))
		}
		limit := [...]float64{180, 90, 180, 90}[i]
		if f = Rounded(f, limit); math.Abs(f) > limit {
			return nil, fmt.Errorf("bbox %q: %s %v is out of range: within ±%v degrees (the "+
				"order is W,S,E,N)", s, name, f, limit)
		}
		v[i] = f
	}
	west, south, east, north := v[0], v[1], v[2], v[3]
	switch {
	case south >= north:
		return nil, fmt.Errorf("bbox %q: south %v is not below north %v (the order is W,S,E,N)", s,
			south, north)
	case west == east:
		return nil, fmt.Errorf("bbox %q: west and east are both %v: the area is empty", s, west)
	case west < east:
		return boxRegion{{west, south, east, north}}, nil
	}
	var parts boxRegion
	for _, b := range []Box{{west, south, 180, north}, {-180, south, east, north}} {
		if b.West < b.East {
			parts = append(parts, b)
		}
	}
	return parts, nil
}

// boxRegion is a union of boxes: two where one crosses the antimeridian.
type boxRegion []Box

func (r boxRegion) Meets(b Box) bool {
	for _, part := range r {
		if part.Overlaps(b) {
			return true
		}
	}
	return false
}
