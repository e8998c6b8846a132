// Package report writes results for people or as JSON: what an archive holds, what a verification
// found, what a copy took.
//
//	err := report.Info(os.Stdout, info, asJSON)
package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// Write writes v as JSON, or else for people as text does.
func Write(w io.Writer, asJSON bool, v any, text func(io.Writer) error) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	return text(w)
}

// Line is Write with one formatted line for people.
func Line(w io.Writer, asJSON bool, v any, format string, args ...any) error {
	return Write(w, asJSON, v, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, format+"\n", args...)
		return err
	})
}
