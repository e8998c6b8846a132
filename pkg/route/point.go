package route

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// The range of altitudes, in metres.
const (
	minAltitude = -1_000
	maxAltitude = 100_000
)

const (
	metresPerFoot = 0.3048
	maxLongitude  = 540 // anything beyond cannot be meant as a longitude
)

// errUnplaced means that a point has no coordinates. It is not a mistake, but there is nothing to
// draw.
var errUnplaced = errors.New("no position")

// newPoint checks a position and returns it without altitude. Its longitude may lie beyond ±180,
// which line.settle handles.
func newPoint(lon, lat float64) (Point, error) {
	lon, lat = tiles.Rounded(lon, 180), tiles.Rounded(lat, 90)
	// Written this way so that NaN is out of range.
	if !(math.Abs(lat) <= 90) {
		remedy := "latitudes lie between -90 and 90 degrees"
		if math.Abs(lat) > 1000 {
			remedy += "; these may be metres: export it in longitude and latitude, WGS 84"
		} else if math.Abs(lon) <= 90 && math.Abs(lat) <= 180 {
			remedy += "; longitude and latitude may be swapped"
		}
		return Point{}, malformed(remedy, "latitude %v is out of range", lat)
	}
	if !(math.Abs(lon) <= maxLongitude) {
		return Point{}, longitudeError(lon)
	}
	return Point{Point: orb.Point{lon, lat}}, nil
}

// degrees reads a point from two decimal numbers. The error is errUnplaced if both are missing.
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

// missing reports whether s is what writers put for an absent coordinate.
func missing(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || strings.EqualFold(s, "nan")
}

// coordinate reads degrees. A comma is a decimal comma, as some languages write it: there are no
// thousands of degrees.
func coordinate(what, s string) (float64, error) {
	s = strings.ReplaceAll(s, "\u2212", "-") // the minus of spreadsheets
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
		return 0, malformed("", "%s is not a usable number: %q", what, excerpt(s))
	}
	return v, nil
}

// altitude reads a height and returns it in metres; ok is false if there is none. An impossible
// height does not affect where the flight goes: it is left out and noted.
func (n *notes) altitude(s string, unit float64, place func() string) (metres float64, ok bool) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, false
	}
	bare, unit := withoutUnit(s, unit)
	v, err := number("", bare)
	if metres = v * unit; err != nil || !(metres >= minAltitude && metres <= maxAltitude) {
		n.add(place(), "altitude %s is left out: not a number between %d and %d m", excerpt(s),
			minAltitude, maxAltitude)
		return 0, false
	}
	return metres, true
}

// withoutUnit returns the number of an altitude, which may be a flight level, and its unit. A comma
// that cannot divide thousands is a decimal comma.
func withoutUnit(s string, unit float64) (string, float64) {
	low := strings.ToLower(s)
	for _, of := range []struct {
		text string
		unit float64
	}{{"feet", metresPerFoot}, {"ft", metresPerFoot}, {"m", 1}} {
		if bare, ok := strings.CutSuffix(low, of.text); ok {
			low, unit = strings.TrimSpace(bare), of.unit
			break
		}
	}
	if level, ok := strings.CutPrefix(low, "fl"); ok {
		low, unit = level, 100*metresPerFoot
	}
	if before, after, ok := strings.Cut(low, ","); ok && (len(after) != 3 || len(before) > 4) {
		low = before + "." + after
	}
	return low, unit
}

// metres sets the altitude of p from s in metres, if s has one.
func (n *notes) metres(p *Point, s string, place func() string) {
	if h, ok := n.altitude(s, 1, place); ok {
		p.Altitude, p.HasAltitude = h, true
	}
}

// feet sets the altitude of p from s in feet, if s has one.
func (n *notes) feet(p *Point, s string, place func() string) {
	if h, ok := n.altitude(s, metresPerFoot, place); ok {
		p.Altitude, p.HasAltitude = h, true
	}
}
