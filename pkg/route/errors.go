package route

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Sentinels that Error wraps, for callers that tell kinds of errors apart.
var (
	ErrUnknownFormat = errors.New("unknown format")
	ErrMalformed     = errors.New("malformed")
	ErrNoPoints      = errors.New("no points")
	ErrIsRegion      = errors.New("a region, not a route")
	ErrIsRoute       = errors.New("a route, not a region")
	ErrTooLarge      = errors.New("too large")
)

// Error is an error in the content of a file.
type Error struct {
	File string // as passed to Read
	// in the file: "features[2].geometry" or "line 3, column 14"; empty: the file as a whole
	Place   string
	Problem string // what is wrong there
	Remedy  string // what to do about it; may be empty
	Err     error  // one of the sentinels of this package
}

// Error returns "flight.geojson: features[2].geometry: it is null (a feature without geometry has
// no route)".
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range []string{e.File, e.Place} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(e.Problem)
	if e.Remedy != "" {
		fmt.Fprintf(&b, " (%s)", e.Remedy)
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// malformed returns an Error at the place being read.
func malformed(remedy, format string, args ...any) *Error {
	return &Error{Problem: fmt.Sprintf(format, args...), Remedy: remedy, Err: ErrMalformed}
}

// inFile adds the file's name to err.
func inFile(path string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.File = path
		return e
	}
	return fmt.Errorf("%s: %w", path, err)
}

// within prefixes the place of err: within("features[2]", …) of "geometry" is
// "features[2].geometry".
func within(place string, err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return fmt.Errorf("%s: %w", place, err)
	}
	switch {
	case e.Place == "":
		e.Place = place
	case place == "":
	case e.Place[0] == '[':
		e.Place = place + e.Place
	default:
		e.Place = place + "." + e.Place
	}
	return e
}

// lineColumn returns the line and column at offset bytes, both counted from 1.
func lineColumn(data []byte, offset int64) string {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}

// excerpt quotes the beginning of a value for an error.
func excerpt[S string | json.RawMessage](raw S) string {
	if len(raw) == 0 {
		return "nothing"
	}
	return cut(string(raw[:min(len(raw), 64)]), 40)
}

// cut shortens s to about most bytes.
func cut(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
