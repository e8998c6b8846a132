// Package measure measures xelpack on the machine it runs on, and compares two such measurements.
//
//	report, err := measure.Run(ctx, measure.Options{Suites: []string{"encode"}, Rounds: 5})
//	rows := measure.Compare(before, after)
//
// Its suites are those of `xelpack bench`. Every figure is measured several times, in rounds, so
// that a difference between two reports can be told from chance. Command beside adds suites that
// run other programs and libraries for comparison, which must not be linked with xelpack; package
// soak loads a mount for hours. All of them take imagery, archives and mounts from here.
package measure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// Options say what is measured.
type Options struct {
	Suites   []string // names; empty: all
	Rounds   int      // default 6
	Textures int      // of 256 chunks, in each round of encode, archive and mount. Default 8
	Chunks   int      // in each round of fetch. Default 2,000

	// The network and the server of suite fetch.
	Latency     time.Duration
	Bandwidth   float64 // bytes a second; 0: no limit
	Faults      float64 // share of faulty first answers
	Concurrency int     // 0: the default

	Imagery fetch.Source // default: invented farmland
	Program string       // path of xelpack, for suite mount
	Dir     string       // for temporary files; default: a new one, removed afterwards
	// Say is called with what is being measured. Nil: not called.
	Say func(string)
}

// Validate returns what is wrong with options that a user gave as flags.
func (o Options) Validate() error {
	switch {
	case o.Rounds < 1 || o.Textures < 1 || o.Chunks < 1:
		return usage.Errorf("--rounds, --textures and --chunks must be positive")
	case !(o.Faults >= 0 && o.Faults <= 1):
		return usage.Errorf("--faults %v: must be between 0 and 1", o.Faults)
	case !(o.Bandwidth >= 0), o.Latency < 0:
		return usage.Errorf("--bandwidth and --latency must not be negative")
	}
	return nil
}

// Report is the result of a run. bench compare reads its JSON.
type Report struct {
	Format  int       `json:"format"` // 1
	When    time.Time `json:"when"`
	Program string    `json:"program"`
	System  string    `json:"system"`
	CPUs    int       `json:"cpus"`
	Results []Result  `json:"results"`
}

// Result is one figure, measured several times.
type Result struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Better string    `json:"better"` // "higher" or "lower"
	Values []float64 `json:"values"` // one a round
}

const (
	// format is the version of Report.
	format = 1

	higher = "higher"
	lower  = "lower"
)

// Suite is a group of figures that are measured with the same data.
type Suite struct {
	Name string
	Run  func(context.Context, *Env) error
}

// Suites are those that need only xelpack.
var Suites = append([]Suite{{"encode", encode}, {"fetch", fetching}, {"archive", archive}},
	mountSuites...)

// Names returns the names of suites.
func Names(suites []Suite) (names []string) {
	for _, s := range suites {
		names = append(names, s.Name)
	}
	return names
}

// Env is what a suite runs in.
type Env struct {
	Options
	suite  string
	report *Report
}

// Round yields the numbers of the rounds and reports progress.
func (e *Env) Round() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range e.Rounds {
			e.Say(fmt.Sprintf("%s: round %d of %d", e.suite, i+1, e.Rounds))
			if !yield(i) {
				return
			}
		}
	}
}

// Add adds a value to a figure of the suite.
func (e *Env) Add(name, unit, better string, v float64) {
	name = e.suite + "/" + name
	i := slices.IndexFunc(e.report.Results, func(x Result) bool { return x.Name == name })
	if i < 0 {
		i = len(e.report.Results)
		e.report.Results = append(e.report.Results, Result{Name: name, Unit: unit, Better: better})
	}
	e.report.Results[i].Values = append(e.report.Results[i].Values, v)
}

// Run runs the suites that o selects. With an error it also returns the report so far.
func Run(ctx context.Context, program string, suites []Suite, o Options) (r Report, err error) {
	o.Rounds, o.Textures, o.Chunks = cmp.Or(o.Rounds, 6), cmp.Or(o.Textures, 8), cmp.Or(o.Chunks,
		2000)
	if o.Say == nil {
		o.Say = func(string) {}
	}
	r = Report{Format: format, When: time.Now().UTC().Truncate(time.Second), Program: program,
		System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU()}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "xelpack-bench-"); err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	if o.Imagery == nil {
		if o.Imagery, err = Farmland(ctx); err != nil {
			return r, err
		}
	}
	for _, s := range suites {
		if len(o.Suites) > 0 && !slices.Contains(o.Suites, s.Name) {
			continue
		}
		o.Say(s.Name + ": preparing data")
		if err := s.Run(ctx, &Env{Options: o, suite: s.Name, report: &r}); err != nil {
			return r, fmt.Errorf("bench %s: %w", s.Name, err)
		}
	}
	return r, nil
}

// Best returns the best value of a figure.
func (r Report) Best(name string) (v float64) {
	for _, x := range r.Results {
		switch {
		case x.Name != name || len(x.Values) == 0:
		case x.Better == higher:
			v = slices.Max(x.Values)
		default:
			v = slices.Min(x.Values)
		}
	}
	return v
}
