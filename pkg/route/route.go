package route

import (
	"fmt"
	"io"
	"math"
	"os"

	"github.com/paulmach/orb"
)

// MaxFileBytes is how much of a file Read and ReadRegion take. Longer files are refused.
const MaxFileBytes = 64 << 20

// maxPoints is how many points a line may have, those of a track before it is simplified: at one a second, nearly six days.
const maxPoints = 500_000

// The heights that a point may have, in metres.
const (
	minAltitude = -1_000
	maxAltitude = 100_000
)

// Point is a place on a route.
type Point struct {
	orb.Point           // longitude and latitude in degrees, within ±180 and ±90
	Altitude    float64 // metres above sea level; 0 unless HasAltitude
	HasAltitude bool
}

// Route is a flown line: great circles between its points. It has at least one point.
type Route struct {
	Name      string // what the file calls it; may be empty
	Points    []Point
	Alternate bool     // it leads from the destination to an alternate airport
	Unplaced  []string // waypoints that the file names without a position, left out of Points
}

// Read returns the routes of the file at path, at least one. Errors about its content are of type *Error.
func Read(path string) ([]Route, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	routes, err := parse(data)
	if err != nil {
		return nil, inFile(path, err)
	}
	return routes, nil
}

// ReadRegion returns the polygons of the GeoJSON, KML or KMZ file at path, at least one, their rings closed. Errors about its content are of type *Error.
func ReadRegion(path string) (orb.MultiPolygon, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	region, err := parseRegion(data)
	if err != nil {
		return nil, inFile(path, err)
	}
	return region, nil
}

// readFile returns what is in the file, as UTF-8 without a byte order mark.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read route: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > MaxFileBytes {
		return nil, tooLarge(path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read route: %w", err)
	}
	if len(data) > MaxFileBytes {
		return nil, tooLarge(path)
	}
	return plainText(data), nil
}

func tooLarge(path string) error {
	return &Error{File: path, Problem: fmt.Sprintf("the file is larger than %d MiB", MaxFileBytes>>20),
		Remedy: "a flight plan rarely has one", Err: ErrTooLarge}
}

// newPoint checks a place and returns it without altitude.
func newPoint(lon, lat float64) (Point, error) {
	// Written so that NaN is out of range.
	if !(math.Abs(lat) <= 90) {
		remedy := "latitudes lie between -90 and 90 degrees"
		if math.Abs(lon) <= 90 && math.Abs(lat) <= 180 {
			remedy += "; longitude and latitude may be swapped"
		}
		return Point{}, &Error{Problem: fmt.Sprintf("latitude %v is out of range", lat), Remedy: remedy, Err: ErrMalformed}
	}
	if !(math.Abs(lon) <= 180) {
		remedy := "longitudes lie between -180 and 180 degrees"
		if math.Abs(lon) <= 540 {
			remedy += fmt.Sprintf("; write this one as %v", math.Remainder(lon, 360))
		}
		return Point{}, &Error{Problem: fmt.Sprintf("longitude %v is out of range", lon), Remedy: remedy, Err: ErrMalformed}
	}
	return Point{Point: orb.Point{lon, lat}}, nil
}

// at returns p at a height in metres.
func (p Point) at(altitude float64) (Point, error) {
	if !(altitude >= minAltitude && altitude <= maxAltitude) {
		return Point{}, &Error{Problem: fmt.Sprintf("altitude %v m is out of range", altitude),
			Remedy: fmt.Sprintf("altitudes lie between %d and %d m", minAltitude, maxAltitude), Err: ErrMalformed}
	}
	p.Altitude, p.HasAltitude = altitude, true
	return p, nil
}

// add appends v to a list of points, or of what becomes points, unless it is too long already.
func add[S ~[]T, T any](list *S, v T) error {
	if len(*list) == maxPoints {
		return &Error{Problem: fmt.Sprintf("there are more than %d points", maxPoints), Remedy: "give a simpler route", Err: ErrTooLarge}
	}
	*list = append(*list, v)
	return nil
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
