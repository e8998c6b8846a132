package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/fly"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/process"
	lines "github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/seal"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
)

// choice is what a person has chosen on the page.
type choice struct {
	Route    string   `json:"route"`
	Packages []string `json:"packages"`
	Provider string   `json:"provider"`
	Detail   string   `json:"detail"`
	Enlarge  uint8    `json:"enlarge"`
	Install  bool     `json:"install"`
}

// options puts a choice into the options of a flight.
func (s *Server) options(ctx context.Context, c choice, note func(string)) (fly.Options, error) {
	o := s.o.Fly
	file, err := s.route(ctx, c.Route, note)
	if err != nil {
		return o, err
	}
	if o.Plan.Scenery, err = s.packages(ctx, c.Packages); err != nil {
		return o, err
	}
	o.Plan.Routes = []string{file}
	o.Plan.Imagery.Provider, o.Plan.Detail, o.Plan.Enlarge = c.Provider, c.Detail, c.Enlarge
	o.Install, o.Note = c.Install, note
	return o, nil
}

// cost is what a flight costs.
type cost struct {
	plan.Estimate
	Free    int64          `json:"free"` // bytes on the archives' disk
	Licence string         `json:"licence"`
	Terms   string         `json:"terms"`
	File    string         `json:"file"`
	Lacks   string         `json:"lacks,omitempty"` // why it cannot be built
	Notes   []string       `json:"notes"`
	Facts   []planmap.Fact `json:"facts"`
	Drawing any            `json:"drawing"`
}

func (s *Server) cost(r *http.Request) (any, error) {
	var c choice
	if err := read(r, &c); err != nil {
		return nil, err
	}
	notes := []string{}
	o, err := s.options(r.Context(), c, func(text string) { notes = append(notes, text) })
	if err != nil {
		return nil, err
	}
	p, err := o.Prepare(r.Context())
	if err != nil {
		return nil, err
	}
	disk, err := filesys.Of(o.Archives)
	if err != nil {
		return nil, err
	}
	drawing, err := p.Map().Drawing()
	if err != nil {
		return nil, err
	}
	answer := cost{Estimate: p.Estimate, Free: disk.Free, Licence: p.Provider.Licence,
		Terms: p.Provider.Terms.Words(), File: p.Options.Output, Notes: notes, Facts: p.Facts(),
		Drawing: drawing}
	if err := p.Room(); err != nil {
		answer.Lacks = words.Of(err)
	}
	return answer, nil
}

// flight is one that was begun on the page.
type flight struct {
	stop context.CancelFunc
	done chan struct{}

	mu    sync.Mutex
	told  progress
	work  *build.Running // while it builds
	since time.Time      // when the build began
	out   bytes.Buffer   // an unfinished line of the output
}

// progress is how a flight stands.
type progress struct {
	Route   string   `json:"route"`
	Phase   string   `json:"phase"`            // what is done now
	Share   float64  `json:"share"`            // of the phase, from 0 to 1; -1: unknown
	Facts   string   `json:"facts"`            // of the phase
	Pages   []string `json:"pages"`            // addresses of status pages
	Lines   []string `json:"lines"`            // what was said, the last of it
	Running bool     `json:"running"`          // until it has ended
	Error   string   `json:"error,omitempty"`  // why it ended
	Sealed  *bool    `json:"sealed,omitempty"` // once that is known
}

// maxLines bounds what is kept of what was said.
const maxLines = 200

func (s *Server) fly(r *http.Request) (any, error) {
	var c choice
	if err := read(r, &c); err != nil {
		return nil, err
	}
	f := &flight{done: make(chan struct{}), told: progress{Route: c.Route, Running: true,
		Phase: "plan", Share: -1}}
	o, err := s.options(r.Context(), c, f.say) // may ask SimBrief: before the lock
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
	f.stop = stop
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil && s.flight.running() {
		stop()
		return nil, errUnderWay
	}
	s.flight = f
	go func() {
		defer close(f.done)
		defer stop()
		report, err := f.run(ctx, o)
		f.ended(report.Sealed, err)
	}()
	return struct{}{}, nil
}

// run takes the flight to its end, with a status page of its build and of each of its mounts.
func (f *flight) run(ctx context.Context, o fly.Options) (seal.Report, error) {
	o.HTTP, o.Page = "127.0.0.1:0", f.page
	w, err := watch.Start(ctx, "build", watch.Options{HTTP: o.HTTP, Log: o.Log, Note: func(string) {}})
	if err != nil {
		return seal.Report{}, err
	}
	defer w.Close()
	f.observe(&o, w)
	return fly.Run(ctx, o)
}

// page links a status page.
func (f *flight) page(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told.Pages = append(f.told.Pages, url)
}

var errUnderWay = errors.New("a flight is under way: end it first")

// observe has the flight tell what it does.
func (f *flight) observe(o *fly.Options, w *watch.Watcher) {
	o.Ends = `"End the flight"`
	o.Out, o.Line = f, lines.NewStatusLine(f)
	yes := func(context.Context, string) (bool, error) { return true, nil }
	o.Confirm = yes // the button was the answer
	o.Insist = func(context.Context, string) (bool, error) { return false, errors.New("nobody is asked") }
	o.Meter = func(what string) (set func(done, total int64), end func()) {
		f.phase(what)
		return func(done, total int64) { f.share(done, total) }, func() { f.phase("mount") }
	}
	o.Build.Note, o.Build.Observer = f.say, w.Making()
	o.Build.Begin = func(r build.Running) func(pack.Report) {
		process.BoundMemory(r.Memory)
		f.phase("build")
		w.Begin(r.Items, r.Todo, r.Client, r.Pipeline, r.Writer)
		f.page(w.URL())
		f.mu.Lock()
		f.work, f.since = &r, time.Now()
		f.mu.Unlock()
		return func(report pack.Report) {
			w.Finished(report)
			f.unlink()
			f.phase("seal")
		}
	}
}

// Write takes the output, line by line.
func (f *flight) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out.Write(p)
	for {
		line, err := f.out.ReadString('\n')
		if err != nil {
			f.out.WriteString(line)
			return len(p), nil
		}
		f.add(strings.TrimRight(line, "\r\n"))
	}
}

func (f *flight) say(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(text)
}

func (f *flight) add(line string) {
	f.told.Lines = append(f.told.Lines, line)
	if more := len(f.told.Lines) - maxLines; more > 0 {
		f.told.Lines = f.told.Lines[more:]
	}
}

func (f *flight) phase(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told.Phase, f.told.Share, f.told.Facts, f.work = name, -1, "", nil
}

// unlink takes all links away.
func (f *flight) unlink() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told.Pages = nil
}

func (f *flight) share(done, total int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if total > 0 {
		f.told.Share = float64(done) / float64(total)
	}
}

func (f *flight) ended(sealed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told.Running, f.told.Phase, f.told.Share, f.told.Pages = false, "ended", 1, nil
	f.told.Sealed = &sealed
	if err != nil && !errors.Is(err, context.Canceled) {
		f.told.Error = words.Of(err)
	}
}

func (f *flight) running() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told.Running
}

// progress returns how it stands now.
func (f *flight) progress() *progress {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.told
	p.Lines, p.Pages = append([]string{}, p.Lines...), append([]string{}, p.Pages...)
	if w := f.work; w != nil {
		chunks := 0
		for _, it := range w.Todo {
			chunks += it.ChunkCount()
		}
		done := min(w.Pipeline.Counts.Done(), int64(chunks))
		elapsed := time.Since(f.since)
		p.Share = float64(done) / float64(max(chunks, 1))
		p.Facts = fmt.Sprintf("%s of %s, %s downloaded", units.Count(done), units.Plural(chunks, "chunk"),
			units.Bytes(w.Client.Stats().BytesDownloaded))
		if p.Share > 0.01 && p.Share < 1 {
			left := time.Duration(float64(elapsed) * (1/p.Share - 1))
			p.Facts += fmt.Sprintf(", %.0f chunks a second, %s left",
				float64(done)/max(elapsed.Seconds(), 0.1), units.Duration(left.Round(time.Second)))
		}
	}
	return &p
}

func (s *Server) end(*http.Request) (any, error) {
	f := s.current()
	if f == nil || !f.running() {
		return nil, errors.New("no flight is under way")
	}
	f.stop()
	select {
	case <-f.done:
	case <-time.After(endPatience):
		return nil, fmt.Errorf("the flight has not ended within %s: files of the mount are open",
			units.Duration(endPatience))
	}
	return struct{}{}, nil
}

// endPatience is how long a flight may take to end; a mount waits for its files to be closed.
const endPatience = 20 * time.Second
