package measure

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/xelpack/xelpack/internal/safefile"
)

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%-28s %12s   %-27s %s\n", "figure", "median", "95 % between", "unit")
	for _, x := range r.Results {
		s := x.Summary()
		fmt.Fprintf(b, "%-28s %12.4g   %-12.4g %-14.4g %s (%s is better, %d rounds)\n", x.Name,
			s.Center, s.Lo, s.Hi, x.Unit, x.Better, s.N)
	}
	if rows := r.Overhead(); len(rows) > 0 {
		fmt.Fprintln(b, "\ncost of metrics and a trace (mounts with and without, in turn):")
		if err := WriteRows(b, rows); err != nil {
			return err
		}
	}
	return b.Flush()
}

// WriteRows writes a comparison for people.
func WriteRows(w io.Writer, rows []Row) error {
	for _, r := range rows {
		_, err := fmt.Fprintf(w,
			"%-28s %10.4g (%.4g…%.4g) → %10.4g (%.4g…%.4g) %-14s %+6.1f %%  p=%.3f  %s\n", r.Name,
			r.Before.Center, r.Before.Lo, r.Before.Hi, r.After.Center, r.After.Lo, r.After.Hi, r.Unit, r.Change, r.P, r.Verdict)
		if err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes the report as JSON, for compare.
func (r Report) WriteFile(file string) error {
	return safefile.Write(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

// ReadFile is Read of a file.
func ReadFile(file string) (Report, error) {
	f, err := os.Open(file)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = f.Close() }()
	r, err := Read(f)
	if err != nil {
		return r, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}
