package build

import (
	"cmp"
	"os"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// record follows a build for the next one's estimate.
type record struct {
	provider fetch.Provider
	answers  answers
	begun    estimate.Run

	looks, busy float64 // number of samples, and sum of the shares of busy workers
}

func newRecord(w *work) *record {
	r := &record{provider: w.provider, answers: answers{next: w.Observer}}
	r.begun = estimate.Run{Concurrency: w.imagery.Concurrency, Rated: w.imagery.Rate > 0,
		Compression: w.making.Compression.String()}
	r.begun.Concurrency = cmp.Or(r.begun.Concurrency, fetch.DefaultConcurrency())
	return r
}

// watch samples the workers until the returned function is called. Processor time would not tell
// whether they were the limit: other programs may use it too.
func (r *record) watch(p *pack.Pipeline) (end func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				s := p.State()
				r.looks++
				r.busy += float64(s.Busy()) / float64(len(s.Workers))
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// remember saves the result of the build of todo in file.
func (r *record) remember(file string, report pack.Report, todo []tiles.Item) error {
	if report.Outages > 0 || report.ElapsedSeconds <= 0 {
		return nil
	}
	n := r.begun
	n.Requests, n.Seconds, n.Downloaded = report.Requests, report.ElapsedSeconds, report.BytesDownloaded
	n.Answer, n.Ending = r.answers.mean(), report.EndingSeconds
	n.Busy = r.busy / max(1, r.looks)
	if len(r.provider.Layers) == 0 && report.State == pack.StateComplete && report.Built == len(todo) &&
		report.Chunks.NoImagery == 0 {
		w, err := estimate.Count(todo, r.provider.MaxZL, r.provider.TileLevels(), nil)
		if err != nil {
			return err
		}
		n.Plain, n.Raw, n.Stored, n.Textures, n.Tiles = w.Enlarged == 0, w.RawBytes, report.BytesStored, w.Textures, w.Tiles
		if info, err := os.Stat(file); err == nil && report.Skipped == 0 {
			n.File = info.Size()
		}
	}
	return estimate.Remember(r.provider, n)
}

// answers measures how long a provider takes to answer, and passes events on.
type answers struct {
	next    fetch.Observer // nil: none
	n, took atomic.Int64
}

// Attempted implements fetch.Observer.
func (a *answers) Attempted(host string, outcome fetch.Outcome, took time.Duration) {
	if outcome == fetch.OutcomeOK {
		a.n.Add(1)
		a.took.Add(int64(took))
	}
	if a.next != nil {
		a.next.Attempted(host, outcome, took)
	}
}

// Fetched implements fetch.Observer.
func (a *answers) Fetched(host string, c tiles.Chunk, outcome fetch.Outcome, took time.Duration) {
	if a.next != nil {
		a.next.Fetched(host, c, outcome, took)
	}
}

func (a *answers) mean() float64 {
	if n := a.n.Load(); n > 0 {
		return time.Duration(a.took.Load() / n).Seconds()
	}
	return 0
}
