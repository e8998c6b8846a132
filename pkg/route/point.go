package route

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// The heights that a point may have, in metres.
const (
	minAltitude = -1_000
	maxAltitude = 100_000
)

const (
	metresPerFoot = 0.3048
	maxLongitude  = 540  // what can be meant as a longitude at all
	rounding      = 1e-5 // degrees, a metre, by which writers miss ±180 and ±90
)

// errUnplaced is what a place without coordinates comes to: there is nothing wrong with it, but
// nothing to draw either.
var errUnplaced = errors.New("no position")

// newPoint checks a place and returns it without altitude. Its longitude may lie beyond ±180: that
// is for line.settle.
func newPoint(lon, lat float64) (Point, error) {
	lon, lat = rounded(lon, 180), rounded(lat, 90)
	// Written so that NaN is out of range.
	if !(math.Abs(lat) <= 90) {
		remedy := "latitudes lie between -90 and 90 degrees"
		if math.Abs(lon) <= 90 && math.Abs(lat) <= 180 {
			remedy += "; longitude and latitude may be swapped"
		}
		return Point{}, malformed(remedy, "latitude %v is out of range", lat)
	}
	if !(math.Abs(lon) <= maxLongitude) {
		return Point{}, longitudeError(lon)
	}
	return Point{Point: orb.Point{lon, lat}}, nil
}

// rounded returns the limit for what misses it by no more than writers round.
func rounded(v, limit float64) float64 {
	if over := math.Abs(v) - limit; over > 0 && over <= rounding {
		return math.Copysign(limit, v)
	}
	return v
}

// degrees reads a point from two decimal numbers. The error is errUnplaced where both are missing.
func degrees(lonName, lon, latName, lat string) (Point, error) {
	if missing(lat) && missing(lon) {
		return Point{}, errUnplaced
	}
	y, err := coordinate(latName, lat)
	if err != nil {
		return Point{}, err
	}
	x, err := coordinate(lonName, lon)
	if err != nil {
		return Point{}, err
	}
	return newPoint(x, y)
}

// missing reports whether a writer that has no coordinate may write s.
func missing(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || strings.EqualFold(s, "nan")
}

// coordinate reads degrees. A decimal comma, as some writers of other languages have it, is one
// beyond doubt: thousands of degrees there are not.
func coordinate(what, s string) (float64, error) {
	if strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	return number(what, s)
}

// number reads a decimal number; what names it in the error.
func number(what, s string) (float64, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, malformed("", "%s is missing", what)
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) {
		return 0, malformed("", "%s is %q, which is not a usable number", what, excerpt(s))
	}
	return v, nil
}

// altitude reads a height and returns it in metres; ok is false if there is none. One that cannot
// be true says nothing about where the flight goes: it is left out and noted.
func (n *notes) altitude(s string, unit float64, place func() string) (metres float64, ok bool) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if metres = v * unit; err != nil || !(metres >= minAltitude && metres <= maxAltitude) {
		n.add(place(), "the altitude %s is left out: it is no number between %d and %d m", excerpt(s), minAltitude, maxAltitude)
		return 0, false
	}
	return metres, true
}

// metres gives p the altitude that s says in metres, if it says one.
func (n *notes) metres(p *Point, s string, place func() string) {
	if h, ok := n.altitude(s, 1, place); ok {
		p.Altitude, p.HasAltitude = h, true
	}
}

// feet gives p the altitude that s says in feet, if it says one.
func (n *notes) feet(p *Point, s string, place func() string) {
	if h, ok := n.altitude(s, metresPerFoot, place); ok {
		p.Altitude, p.HasAltitude = h, true
	}
}
