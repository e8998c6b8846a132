package soak

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/trace"
)

// Report is the result of a run.
type Report struct {
	Duration     time.Duration
	Bursts       int
	LongestBurst time.Duration

	// textures read: archived, made live, and live ones served as a stand-in
	Archived, Live, StandIns int64
	Mapped                   int64 // of these, read whole through mmap
	Bytes                    int64 // bytes compared
	Opens, LiveOpens, Reads  trace.Latency

	Failed   int      // textures with an error
	Failures []string // descriptions of the first few

	// at rest after the first window, at rest at the end, and the maximum of each
	First, Last, Most Sample
	Memory            []Sample // a few samples, evenly spread
	sampling          error
}

// few is how many samples are shown.
const few = 13

func (r *Report) fill(t *tally, s *sampler) {
	r.Archived, r.Live, r.StandIns = t.archived.Load(), t.live.Load(), t.standIns.Load()
	r.Mapped, r.Bytes = t.mapped.Load(), t.bytes.Load()
	r.Opens, r.LiveOpens, r.Reads = t.opens.sum(), t.liveOpens.sum(), t.reads.sum()
	t.mu.Lock()
	r.Failed, r.Failures = t.failed, slices.Clone(t.failures)
	t.mu.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	r.sampling = s.err
	if len(s.samples) == 0 {
		return
	}
	r.Most, r.Memory = Sample{}, nil
	for _, x := range s.samples {
		r.Most.RSS = max(r.Most.RSS, x.RSS)
		r.Most.Descriptors = max(r.Most.Descriptors, x.Descriptors)
		r.Most.Goroutines = max(r.Most.Goroutines, x.Goroutines)
	}
	for i := range min(few, len(s.samples)) {
		r.Memory = append(r.Memory,
			s.samples[i*(len(s.samples)-1)/max(1, min(few, len(s.samples))-1)])
	}
}

// Err returns what the mount did wrong, or nil.
func (r Report) Err() error {
	var errs []error
	if r.Failed > 0 {
		errs = append(errs, fmt.Errorf("%d textures with errors, the first: %v", r.Failed,
			r.Failures))
	}
	if r.Archived == 0 {
		errs = append(errs, errors.New("no archived texture was read"))
	}
	if r.Last.grown(r.First) {
		errs = append(errs, fmt.Errorf(
			"goroutines %d and descriptors %d after the first window, %d and %d in the end",
			r.First.Goroutines, r.First.Descriptors, r.Last.Goroutines, r.Last.Descriptors))
	}
	if r.sampling != nil {
		errs = append(errs, fmt.Errorf("the server could not be sampled: %w", r.sampling))
	}
	return errors.Join(errs...)
}

// Write prints the report.
func (r Report) Write(w io.Writer) error {
	mb := func(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
	b := bufio.NewWriter(w)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(b, "%-18s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("ran", "%v, %d bursts, the longest %v", r.Duration.Round(time.Second), r.Bursts,
		r.LongestBurst.Round(time.Millisecond))
	line("textures read", "%d archived, %d live, %d live served as a stand-in; %d of them mapped",
		r.Archived, r.Live, r.StandIns, r.Mapped)
	line("compared", "%s, %d textures with errors", mb(r.Bytes), r.Failed)
	line("opens, archived", "%s", inWords(r.Opens))
	line("opens, live", "%s", inWords(r.LiveOpens))
	line("reads", "%s", inWords(r.Reads))
	line("memory", "%s after the first window, %s at most, %s in the end", mb(r.First.RSS),
		mb(r.Most.RSS), mb(r.Last.RSS))
	line("goroutines", "%d after the first window, %d at most, %d in the end", r.First.Goroutines,
		r.Most.Goroutines, r.Last.Goroutines)
	line("descriptors", "%d after the first window, %d at most, %d in the end",
		r.First.Descriptors, r.Most.Descriptors, r.Last.Descriptors)
	for _, s := range r.Memory {
		line(fmt.Sprintf("  at %v", s.At.Round(time.Second)), "%s, %d goroutines, %d descriptors",
			mb(s.RSS), s.Goroutines, s.Descriptors)
	}
	for _, f := range r.Failures {
		line("  wrong", "%s", f)
	}
	return b.Flush()
}
