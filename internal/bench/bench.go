// Package bench measures xelpack on the machine it runs on, and compares two such measurements.
//
//	report, err := bench.Run(ctx, bench.Options{Suites: []string{"encode"}, Rounds: 5})
//	rows := bench.Compare(before, after)
//
// Every figure is measured several times in rounds, each suite in turn, so that two reports can be told apart by more than luck. What stands beside other tools
// (libsquish, curl, squashfuse) is measured by make bench-encode, bench-archive, bench-mount and drill-fetch instead.
package bench

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say what is measured.
type Options struct {
	Suites   []string // of Suites
	Rounds   int      // default 6
	Textures int      // of 256 chunks, in each round of encode, archive and mount. Default 8
	Chunks   int      // in each round of fetch. Default 2,000

	// The line and the server of fetch.
	Latency     time.Duration
	Bandwidth   float64 // bytes a second; 0: no limit
	Faults      float64 // share of first answers that are faulty
	Concurrency int     // 0: the default

	// Mount starts `xelpack mount` of the archive at the empty folder, watched by metrics and a trace or not, and returns once it is there. Needed by mount.
	Mount func(ctx context.Context, archive, at string, watched bool) (unmount func() error, err error)
	// Say hears what is being measured. Nil: nobody does.
	Say func(string)

	imagery fetch.Source
}

// Report is what was measured. Its JSON is what bench compare reads.
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

// format is the version of Report.
const format = 1

// suite measures one round of its figures.
type suite interface {
	round(ctx context.Context, add func(name, unit, better string, v float64)) error
	close() error
}

// Suites are the names of all suites.
func Suites() []string { return []string{"encode", "fetch", "archive", "mount"} }

// Run measures. A report with what was measured until then comes back with an error too.
func Run(ctx context.Context, program string, o Options) (Report, error) {
	o.Rounds, o.Textures, o.Chunks = cmp.Or(o.Rounds, 6), cmp.Or(o.Textures, 8), cmp.Or(o.Chunks, 2000)
	if o.Say == nil {
		o.Say = func(string) {}
	}
	r := Report{Format: format, When: time.Now().UTC().Truncate(time.Second), Program: program, System: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU()}
	dir, err := os.MkdirTemp("", "xelpack-bench-")
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if o.imagery, err = imagery(ctx); err != nil {
		return r, err
	}
	for _, name := range Suites() {
		if !slices.Contains(o.Suites, name) {
			continue
		}
		if err := r.measure(ctx, name, dir, o); err != nil {
			return r, fmt.Errorf("bench %s: %w", name, err)
		}
	}
	return r, nil
}

func (r *Report) measure(ctx context.Context, name, dir string, o Options) (err error) {
	o.Say(name + ": making what is measured")
	var s suite
	switch name {
	case "encode":
		s, err = newEncode(o), nil
	case "fetch":
		s, err = newFetch(o)
	case "archive":
		s, err = newArchive(ctx, o, dir)
	case "mount":
		s, err = newMount(ctx, o, dir)
	}
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, s.close()) }()
	for i := range o.Rounds {
		o.Say(fmt.Sprintf("%s: round %d of %d", name, i+1, o.Rounds))
		if err := s.round(ctx, r.add(name)); err != nil {
			return err
		}
	}
	return nil
}

// add returns what adds a value to a figure of the suite.
func (r *Report) add(suite string) func(name, unit, better string, v float64) {
	return func(name, unit, better string, v float64) {
		name = suite + "/" + name
		i := slices.IndexFunc(r.Results, func(x Result) bool { return x.Name == name })
		if i < 0 {
			i = len(r.Results)
			r.Results = append(r.Results, Result{Name: name, Unit: unit, Better: better})
		}
		r.Results[i].Values = append(r.Results[i].Values, v)
	}
}

// patch is how many chunks wide the imagery is: no divisor of a texture's 16, so that textures differ.
const patch = 9

// patches is a patch of chunks, over and over.
type patches [patch * patch][]byte

func (p *patches) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	return p[c.Y%patch*patch+c.X%patch], nil
}

// imagery is made beforehand: what is measured is not the making of imagery.
func imagery(ctx context.Context) (fetch.Source, error) {
	farmland := tiles.Chunk{Z: 16, X: 33660, Y: 23940} // of the sample, some 13 KB a chunk
	source, p := fetch.Sample(), &patches{}
	for i := range p {
		var err error
		if p[i], err = source.Fetch(ctx, tiles.Chunk{Z: farmland.Z, X: farmland.X + uint32(i)%patch, Y: farmland.Y + uint32(i)/patch}); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// item is the n-th texture.
func item(n int) tiles.Item {
	return tiles.Item{Texture: tiles.Texture{Row: 16 * uint32(1+n/1000), Col: 16 * uint32(n%1000), ZL: 16, Maptype: "BI"}}
}
