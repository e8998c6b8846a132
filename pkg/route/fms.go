package route

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// looksLikeFMS reports whether data starts with the two lines of an X-Plane flight plan: "I" or "A", then its version.
func looksLikeFMS(data []byte) bool {
	first, rest := nextLine(data)
	second, _ := nextLine(rest)
	fields := strings.Fields(second)
	return (first == "I" || first == "A") && len(fields) == 2 && strings.EqualFold(fields[1], "version")
}

// parseFMS reads an X-Plane flight plan of version 1100 or 3. Its altitudes are in feet.
func parseFMS(data []byte) ([]Route, error) {
	var f fms
	for rest := data; len(rest) > 0; {
		var text string
		text, rest = nextLine(rest)
		f.line++
		if fields := strings.Fields(text); len(fields) > 0 {
			if err := f.add(fields); err != nil {
				return nil, within(f.place(), err)
			}
		}
	}
	if len(f.waypoints) < f.promised {
		return nil, within(f.place(), malformed("the file is cut short; export it again",
			"%d waypoints are announced (NUMENR), %d follow", f.promised, len(f.waypoints)))
	}
	return f.routes()
}

// fms is what is known of the file that is being read.
type fms struct {
	plan
	line     int // of the file
	filled   int // lines that are not blank
	version  int
	promised int // waypoints, as NUMENR says
}

func (f *fms) place() string { return fmt.Sprintf("line %d", f.line) }

// add takes over the fields of a line.
func (f *fms) add(fields []string) (err error) {
	f.filled++
	switch {
	case f.filled == 1: // I or A
		return nil
	case f.filled == 2:
		f.version, err = fmsVersion(fields[0])
		return err
	case fields[0] == "NUMENR" && len(fields) > 1:
		f.promised, _ = strconv.Atoi(fields[1])
		return nil
	}
	w, ok, err := fmsWaypoint(f.version, fields)
	if err != nil || !ok {
		return err
	}
	return add(&f.waypoints, w)
}

func fmsVersion(s string) (int, error) {
	if s != "1100" && s != "3" {
		return 0, malformed("export it for X-Plane 11 or 12", "the version of the flight plan is %q, only 1100 and 3 are known", excerpt(s))
	}
	return strconv.Atoi(s)
}

// fmsWaypoint reads "type ident via altitude lat lon", in version 3 without via. Other lines (header, end mark) are no waypoints.
func fmsWaypoint(version int, fields []string) (waypoint, bool, error) {
	kind, err := strconv.Atoi(fields[0])
	if err != nil || kind <= 0 || len(fields) == 1 {
		return waypoint{}, false, nil
	}
	want := 5
	if version == 1100 {
		want = 6
	}
	if len(fields) < want {
		return waypoint{}, false, malformed("the file may be cut short; export it again", "a waypoint has %d fields, here are %d", want, len(fields))
	}
	altitude, lat, lon := fields[want-3], fields[want-2], fields[want-1]
	p, err := degrees("the longitude", lon, "the latitude", lat)
	if err == nil {
		p, err = p.feet(altitude)
	}
	return waypoint{ident: fields[1], point: p, placed: true}, true, err
}

// nextLine returns the first line of text without its ending and surrounding blanks, and what follows it.
func nextLine(text []byte) (line string, rest []byte) {
	before, after, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSpace(before)), after
}
