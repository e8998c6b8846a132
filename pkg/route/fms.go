package route

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// looksLikeFMS reports whether data starts with the two lines of an X-Plane flight plan: "I" or
// "A", then its version.
func looksLikeFMS(data []byte) bool {
	first, rest := nextLine(data)
	second, _ := nextLine(rest)
	fields := strings.Fields(second)
	return (first == "I" || first == "A") && len(fields) == 2 &&
		strings.EqualFold(fields[1], "version")
}

// parseFMS reads an X-Plane flight plan of version 1100 or 3. Its altitudes are in feet.
func parseFMS(data []byte, n *notes) ([]Route, error) {
	f := fms{plan: plan{notes: n}}
	for rest := data; len(rest) > 0; {
		var text string
		text, rest = nextLine(rest)
		f.line++
		if fields := strings.Fields(text); len(fields) > 0 {
			if err := f.take(fields); err != nil {
				return nil, within(f.place(), err)
			}
		}
	}
	if err := f.checkCount(); err != nil {
		return nil, within(f.place(), err)
	}
	return f.routes()
}

// fms is the state of reading a file.
type fms struct {
	plan
	line        int // of the file
	filled      int // lines that are not blank
	version     int
	promised    int    // number of waypoints, from NUMENR
	destination string // from ADES or DES
	complete    bool   // the last waypoint is the destination
}

func (f *fms) place() string { return fmt.Sprintf("line %d", f.line) }

// take handles the fields of one line.
func (f *fms) take(fields []string) (err error) {
	f.filled++
	switch {
	case f.filled == 1: // I or A
		return nil
	case f.filled == 2:
		f.version, err = fmsVersion(fields[0])
		return err
	}
	if kind, err := strconv.Atoi(fields[0]); err == nil {
		return f.takeNumbered(kind, fields)
	}
	switch fields[0] {
	case "CYCLE", "ADEP", "DEP", "DEPRWY", "DESRWY":
	case "ADES", "DES":
		f.destination = fields[len(fields)-1]
	case "NUMENR":
		if f.promised, err = strconv.Atoi(fields[len(fields)-1]); err != nil || f.promised < 0 {
			f.add(f.place(), "the number of waypoints is not a number and is not checked: %s",
				excerpt(strings.Join(fields, " ")))
			f.promised = 0
		}
	case "SID", "SIDTRANS", "STAR", "STARTRANS", "APP", "APPTRANS":
		f.add(f.place(), "procedures are left out: the file has their names, but not their points")
	default:
		if columns := f.columns(fields); columns > 0 &&
			!slices.ContainsFunc(fields[columns-3:columns], notNumber) {
			f.add(f.place(), "unknown kind of waypoint %q; its position is used",
				excerpt(fields[0]))
			return f.takeWaypoint(0, fields, columns)
		}
		if c := fields[0][0]; c >= '0' && c <= '9' && strings.ContainsAny(fields[0], ",;") {
			return malformed("blanks are between the fields of a waypoint", "%q is not a waypoint",
				excerpt(strings.Join(fields, " ")))
		}
		f.add(f.place(), "an unknown line is left out: %s", excerpt(strings.Join(fields, " ")))
	}
	return nil
}

// takeNumbered handles a line that starts with a number: a waypoint (its kind comes first), an end
// mark (kind 0), or a count, which only version 3 has and which is ignored.
func (f *fms) takeNumbered(kind int, fields []string) error {
	columns := f.columns(fields)
	switch {
	case len(fields) == 1:
		return nil
	case kind <= 0:
		if columns > 0 && slices.ContainsFunc(fields[columns-2:columns], notZero) {
			f.add(f.place(), "a waypoint of kind %d, which marks the end, is left out: %s", kind,
				excerpt(fields[1]))
		}
		return nil
	case columns > 0:
		return f.takeWaypoint(kind, fields, columns)
	case len(f.waypoints) == 0 && !slices.ContainsFunc(fields, notWhole):
		return nil
	}
	want := 5
	if f.version == 1100 {
		want = 6
	}
	return malformed("the file may be cut short; export it again",
		"a waypoint of version %d has %d fields, this one has %d", f.version, want, len(fields))
}

// airport is the kind of the waypoints at which a flight plan begins and ends.
const airport = 1

func notWhole(s string) bool {
	_, err := strconv.Atoi(s)
	return err != nil
}

func notZero(s string) bool {
	v, err := coordinate("", s)
	return err != nil || v != 0
}

func notNumber(s string) bool {
	_, err := coordinate("", s)
	return err != nil
}

// columns returns the number of fields of a waypoint line: 6 for "kind ident via altitude lat lon",
// 5 without via, as in version 3; 0 if it is not a waypoint. Some writers mix the two.
func (f *fms) columns(fields []string) int {
	switch n := len(fields); {
	case n < 5:
		return 0
	case n >= 6 && (f.version == 1100 || notNumber(fields[2])):
		return 6
	case f.version == 3 || !notNumber(fields[2]):
		return 5
	}
	return 0
}

// takeWaypoint handles a waypoint with the given number of columns.
func (f *fms) takeWaypoint(kind int, fields []string, columns int) error {
	if len(fields) > columns && notNumber(fields[columns-3]) {
		return malformed("a name has no blanks", "%q has a field too many",
			excerpt(strings.Join(fields, " ")))
	}
	w := waypoint{ident: fields[1]}
	p, err := degrees("the longitude", fields[columns-1], "the latitude", fields[columns-2])
	if err != nil && err != errUnplaced {
		return err
	}
	if err == nil {
		f.feet(&p, fields[columns-3], f.place)
		w.at(p, f.place)
	}
	f.complete = len(f.waypoints) > 0 &&
		(kind == airport || w.ident == f.destination || fields[2] == "ADES")
	return add(&f.waypoints, w)
}

// checkCount compares the number of waypoints with NUMENR. A file with fewer may be cut short,
// unless its last waypoint is the destination.
func (f *fms) checkCount() error {
	got := len(f.waypoints)
	if f.promised == 0 || got == f.promised {
		return nil
	}
	if got < f.promised && !f.complete {
		return malformed("the file is cut short; export it again",
			"%d waypoints are announced (NUMENR), %d follow", f.promised, got)
	}
	f.add("", "%d waypoints are announced (NUMENR), %d follow and are used", f.promised, got)
	return nil
}

func fmsVersion(s string) (int, error) {
	if s != "1100" && s != "3" {
		return 0, malformed("export it for X-Plane 11 or 12",
			"unknown flight plan version %q (want 1100 or 3)", excerpt(s))
	}
	return strconv.Atoi(s)
}

// nextLine returns the first line of text without its ending and surrounding blanks, and the rest
// of the text.
func nextLine(text []byte) (line string, rest []byte) {
	before, after, _ := bytes.Cut(text, []byte("\n"))
	return string(bytes.TrimSpace(before)), after
}
