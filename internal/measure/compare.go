package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"
)

// ErrReport means that a file is not a report of bench.
var ErrReport = errors.New("not a report of xelpack bench")

// Read reads a report.
func Read(r io.Reader) (Report, error) {
	var report Report
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return report, fmt.Errorf("%w: %w", ErrReport, err)
	}
	if report.Format != format {
		return report, fmt.Errorf("%w: unknown format %d (want %d)", ErrReport, report.Format,
			format)
	}
	return report, nil
}

// Range is a figure with its confidence interval.
type Range struct {
	Center float64 `json:"center"` // the median
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
	N      int     `json:"n"`
}

// confidence is the level of the intervals.
const confidence = 0.95

// Summary returns the median of the values and its 95 % confidence interval, without assuming a
// distribution. Fewer than six values have none: the interval is then their range.
func (r Result) Summary() Range {
	if len(r.Values) == 0 {
		return Range{}
	}
	s := benchmath.AssumeNothing.Summary(sample(r.Values), confidence)
	return Range{s.Center, max(s.Lo, slices.Min(r.Values)), min(s.Hi, slices.Max(r.Values)),
		len(r.Values)}
}

func sample(values []float64) *benchmath.Sample {
	return benchmath.NewSample(append([]float64{}, values...), &benchmath.DefaultThresholds)
}

// Row compares one figure.
type Row struct {
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Before  Range   `json:"before"`
	After   Range   `json:"after"`
	Change  float64 `json:"change_percent"`
	P       float64 `json:"p"`       // probability that chance alone makes such a difference
	Verdict string  `json:"verdict"` // "better", "worse", or "no difference shown"
}

// CompareFiles compares two reports, and notes what makes a comparison doubtful.
func CompareFiles(before, after string, note func(string)) ([]Row, error) {
	a, err := ReadFile(before)
	if err != nil {
		return nil, err
	}
	b, err := ReadFile(after)
	if err != nil {
		return nil, err
	}
	rows := Compare(a, b)
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s and %s have no figure in common", before, after)
	}
	if a.CPUs != b.CPUs || a.System != b.System {
		note(fmt.Sprintf("measured on different machines: %d processors of %s and %d of %s",
			a.CPUs, a.System, b.CPUs, b.System))
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return min(r.Before.N, r.After.N) < 6 }) {
		note("fewer than six rounds: the intervals are the range of all values, and differences " +
			"may be chance")
	}
	return rows, nil
}

// Compare compares the figures that both reports have. A difference counts if chance would cause it
// in less than one case in twenty.
func Compare(before, after Report) []Row {
	var rows []Row
	for _, a := range before.Results {
		for _, b := range after.Results {
			if a.Name == b.Name && a.Unit == b.Unit {
				rows = append(rows, compare(a, b))
			}
		}
	}
	return rows
}

func compare(a, b Result) Row {
	r := Row{Name: a.Name, Unit: a.Unit, Before: a.Summary(), After: b.Summary(),
		Verdict: "no difference shown"}
	c := benchmath.AssumeNothing.Compare(sample(a.Values), sample(b.Values))
	r.P = c.P
	if r.Before.Center != 0 {
		r.Change = 100 * (r.After.Center/r.Before.Center - 1)
	}
	if c.P < benchmath.DefaultThresholds.CompareAlpha && r.Change != 0 {
		r.Verdict = "worse"
		if (r.Change > 0) == (a.Better == higher) {
			r.Verdict = "better"
		}
	}
	return r
}

// Overhead pairs the figures of suite mount that end in -plain and -watched, and returns by how
// many percent the watched one is worse.
func (r Report) Overhead() []Row {
	byName := make(map[string]Result)
	for _, x := range r.Results {
		byName[x.Name] = x
	}
	var rows []Row
	for _, x := range r.Results {
		name, plain := strings.CutSuffix(x.Name, "-plain")
		if watched, ok := byName[name+"-watched"]; plain && ok {
			row := compare(x, watched)
			row.Name = name
			rows = append(rows, row)
		}
	}
	return rows
}
