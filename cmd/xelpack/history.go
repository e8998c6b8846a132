package main

import (
	"cmp"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// historyFile keeps what the last builds came to, by provider. It is a convenience: whatever is
// wrong with it, it counts as empty.
func historyFile() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "xelpack", "rates.json"), err
}

func readHistory() map[string]estimate.History {
	history := make(map[string]estimate.History)
	file, err := historyFile()
	if err != nil {
		return history
	}
	if body, err := os.ReadFile(file); err != nil || json.Unmarshal(body, &history) != nil {
		return make(map[string]estimate.History)
	}
	return history
}

// historyKey tells providers apart: two bare templates have one id if they are of one host.
func historyKey(p fetch.Provider) string {
	return cmp.Or(strings.TrimSuffix(p.StoreName(), ".mbtiles"), p.ID)
}

// knownOf returns what earlier builds say about p, also of versions that kept it under its id.
func knownOf(p fetch.Provider, c mbtiles.Compression) estimate.Known {
	history := readHistory()
	h := history[historyKey(p)]
	if h == nil {
		h = history[p.ID]
	}
	return h.Known(c)
}

// rememberRun keeps what a build of a provider came to, if it was long enough to tell.
func rememberRun(p fetch.Provider, r estimate.Run) error {
	if !r.Tells() {
		return nil
	}
	history := readHistory()
	history[historyKey(p)] = history[historyKey(p)].Add(r)
	file, err := historyFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return writeFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(history) })
}

// runRecord follows a build for the sake of the next one's estimate.
type runRecord struct {
	provider fetch.Provider
	answers  answers
	begun    estimate.Run

	looks, busy float64 // how often the workers were looked at, and the shares of them that had something to do
}

func (o buildOptions) newRun(p fetch.Provider, c mbtiles.Compression) *runRecord {
	r := &runRecord{provider: p, answers: answers{Observer: o.watch.making()}}
	r.begun = estimate.Run{Concurrency: o.imagery.Concurrency, Rated: o.imagery.Rate > 0, Compression: c.String()}
	if r.begun.Concurrency == 0 {
		r.begun.Concurrency = fetch.DefaultConcurrency()
	}
	return r
}

// watch looks at the workers now and then, until the returned function is called. Processor time
// would not tell whether they were the limit: others may want it too.
func (r *runRecord) watch(p *pack.Pipeline) (end func()) {
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

// remember keeps what the build of todo in file came to.
func (r *runRecord) remember(file string, report pack.Report, todo []tiles.Item) error {
	if report.Outages > 0 || report.ElapsedSeconds <= 0 {
		return nil
	}
	n := r.begun
	n.Requests, n.Seconds, n.Downloaded = report.Requests, report.ElapsedSeconds, report.BytesDownloaded
	n.Answer = r.answers.mean()
	n.Busy = r.busy / max(1, r.looks)
	if report.State == pack.StateComplete && report.Built == len(todo) && report.Chunks.NoImagery == 0 {
		w, err := estimate.Count(todo, r.provider.MaxZL, nil)
		if err != nil {
			return err
		}
		n.Plain, n.Raw, n.Stored, n.Textures, n.Tiles = w.Enlarged == 0, w.RawBytes, report.BytesStored, w.Textures, w.Tiles
		if info, err := os.Stat(file); err == nil && report.Skipped == 0 {
			n.File = info.Size()
		}
	}
	return rememberRun(r.provider, n)
}

// answers counts how long a provider takes to answer, and tells whoever else wants to know.
type answers struct {
	fetch.Observer
	n, took atomic.Int64
}

func (a *answers) Attempted(host string, outcome fetch.Outcome, took time.Duration) {
	if outcome == fetch.OutcomeOK {
		a.n.Add(1)
		a.took.Add(int64(took))
	}
	a.Observer.Attempted(host, outcome, took)
}

func (a *answers) mean() float64 {
	if n := a.n.Load(); n > 0 {
		return time.Duration(a.took.Load() / n).Seconds()
	}
	return 0
}
