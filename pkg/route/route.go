package route

import (
	"fmt"
	"io"
	"os"

	"github.com/paulmach/orb"
)

// MaxFileBytes is the largest file that Read and ReadRegion accept.
const MaxFileBytes = 64 << 20

// maxPoints is how many points a line may have, before a track is simplified: nearly six days at
// one point a second.
const maxPoints = 500_000

// Point is a point of a route.
type Point struct {
	orb.Point           // longitude and latitude in degrees, within ±180 and ±90
	Altitude    float64 // metres above sea level; 0 unless HasAltitude
	HasAltitude bool
}

// Route is a line of flight: great circles between its points. It has at least one point.
type Route struct {
	Name      string // from the file; may be empty
	Points    []Point
	Alternate bool    // it leads from the destination to an alternate airport
	Cruise    float64 // cruising altitude of the file, in metres; 0: none
}

// Read returns the routes of the file at path, at least one. notes says, one line each, what was
// left out, merged or guessed. Errors about the content are of type *Error.
func Read(path string) (routes []Route, said []string, err error) {
	data, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	var n notes
	if routes, err = parse(data, &n); err != nil {
		return nil, nil, inFile(path, err)
	}
	return routes, n.texts(), nil
}

// ReadRegion returns the polygons of the GeoJSON, KML or KMZ file at path, at least one, with
// closed rings, and notes like those of Read. Errors about the content are of type *Error.
func ReadRegion(path string) (region orb.MultiPolygon, said []string, err error) {
	data, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	if region, said, err = Region(data); err != nil {
		return nil, nil, inFile(path, err)
	}
	return region, said, nil
}

// Region is ReadRegion of a file's content.
func Region(data []byte) (region orb.MultiPolygon, said []string, err error) {
	var n notes
	if region, err = parseRegion(data, &n); err != nil {
		return nil, nil, err
	}
	return region, n.texts(), nil
}

// readFile returns the content of the file as UTF-8 without a byte order mark.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > MaxFileBytes {
		return nil, tooLarge(path)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFileBytes {
		return nil, tooLarge(path)
	}
	return plainText(data), nil
}

func tooLarge(path string) error {
	return &Error{File: path,
		Problem: fmt.Sprintf("the file is larger than %d MiB", MaxFileBytes>>20),
		Remedy:  "a flight plan is rarely larger than 1 MiB", Err: ErrTooLarge}
}
