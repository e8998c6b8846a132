// Package watch puts together who watches a build or a mount: the log, the status page with metrics
// and health, the trace.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/observe/httpd"
	"github.com/xelpack/xelpack/internal/observe/metrics"
	"github.com/xelpack/xelpack/internal/observe/status"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say how a build or a mount is watched.
type Options struct {
	HTTP        string // the address of the status page, /metrics and /healthz; "": none
	AllowRemote bool   // let other machines reach it
	Pprof       bool   // serve profiles, too
	Trace       string // the file that a mount's requests are recorded in; "": none
	Log         *slog.Logger
	Note        func(string) // told what a person should know
}

// Watcher holds the observers of a build or a mount. Its Observer is nil if there are none.
type Watcher struct {
	observe.Sources
	Observer observe.Observer
	Log      *slog.Logger
	board    *status.Board // nil without a page
	settle   func()        // ends the board's updates
	server   *httpd.Server
	trace    *trace.Writer // nil: none
	note     func(string)
}

// Making returns the observers of fetching and building: the log and the others.
func (w *Watcher) Making() observe.Observer {
	log := observe.Logging{To: w.Log}
	if w.Observer == nil {
		return log
	}
	return observe.All(log, w.Observer)
}

// Start begins to watch a "build", a "repair" or a "mount". Close it.
func Start(ctx context.Context, what string, o Options) (*Watcher, error) {
	w := &Watcher{note: o.Note, Log: o.Log}
	var watching []observe.Observer
	if o.Trace != "" {
		t, err := startTrace(o.Trace, o.Note)
		if err != nil {
			return nil, err
		}
		w.trace = t
		watching = append(watching, observe.Tracing{To: t})
	}
	if o.HTTP != "" {
		m, err := o.serve(ctx, what, w)
		if err != nil {
			w.Close()
			return nil, err
		}
		watching = append(watching, m)
	} else if o.AllowRemote || o.Pprof {
		w.Close()
		return nil, usage.Errorf(
			"--http-allow-remote and --http-pprof are about --http: give --http 127.0.0.1:8087 " +
				"as well")
	}
	if len(watching) > 0 {
		w.Observer = observe.All(watching...)
	}
	return w, nil
}

// startTrace starts the trace of a mount. Whatever becomes of it, the mount goes on.
func startTrace(file string, note func(string)) (*trace.Writer, error) {
	file, err := realpath.Of(file) // what a link leads to may not be there yet
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	w, err := trace.Create(file, trace.Options{OnError: func(err error) {
		note(words.Sprintf("the trace ends here, the mount goes on: %v", err))
	}})
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("--trace %s: the record of another flight is there: choose "+
			"another name or remove it", file)
	}
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	return w, nil
}

// serve starts the HTTP server of w and returns who is to tell it.
func (o Options) serve(ctx context.Context, what string, w *Watcher) (observe.Observer, error) {
	board := status.New(status.Options{What: what}, &w.Sources)
	m := metrics.New(&w.Sources)
	health := &observe.HealthCheck{Sources: &w.Sources}
	server, err := httpd.Listen(ctx, httpd.Options{
		Addr: o.HTTP, AllowRemote: o.AllowRemote, Profiles: o.Pprof, Metrics: m.Handler(), Status: board.Handler(), Health: health.Check,
	})
	if err != nil {
		return nil, explainHTTP(err)
	}
	// Its updates end with close, not with ctx: the page is to see how it ended.
	w.server, w.board, w.settle = server, board, board.Run(context.WithoutCancel(ctx))
	w.note("status page: " + server.URL())
	return observe.All(m, board), nil
}

func explainHTTP(err error) error {
	switch {
	case errors.Is(err, httpd.ErrRemote):
		return usage.Errorf(
			"--http: %w: add --http-allow-remote to allow it (there is no password)", err)
	case errors.Is(err, httpd.ErrTaken):
		return fmt.Errorf("--http: %w", err)
	}
	return usage.Errorf("--http: %w", err)
}

// URL returns the address of the status page; "": there is none.
func (w *Watcher) URL() string {
	if w.server == nil {
		return ""
	}
	return w.server.URL()
}

// Draw shows a plan on the page.
func (w *Watcher) Draw(m planmap.Map) {
	if w.board != nil {
		w.board.Draw(m)
	}
}

// Begin shows what a build is about to do, and lets it be asked how it is.
func (w *Watcher) Begin(items, todo []tiles.Item, c *fetch.Client, p *pack.Pipeline,
	out *mbtiles.Writer) {
	w.Client.Store(c)
	w.Pipeline.Store(p)
	w.Writer.Store(out)
	if w.board == nil {
		return
	}
	missing := make(map[tiles.Key]bool, len(todo))
	for _, it := range todo {
		missing[it.Key()] = true
	}
	w.board.Plan(items, func(k tiles.Key) bool { return !missing[k] })
}

// Holds shows what a mount has, and where it is to be flown.
func (w *Watcher) Holds(archives []mount.Archive, files []string, routes []*tiles.Path,
	regions tiles.Union) {
	if w.board == nil {
		return
	}
	var items []tiles.Item
	for _, a := range archives {
		for e := range a.All() {
			w.board.Holds(e.Texture)
			items = append(items, tiles.Item{Texture: e.Texture})
		}
	}
	var names []string
	for _, f := range files {
		names = append(names, filepath.Base(f))
	}
	w.board.Draw(planmap.Map{Title: strings.Join(names, ", "), Items: items, Routes: routes,
		Cells: tiles.Cells(regions)})
}

// Finished says on the page how a build ended.
func (w *Watcher) Finished(r pack.Report) {
	if w.board == nil {
		return
	}
	end := map[string]string{pack.StateComplete: "Finished",
		pack.StateHoles:       "Finished, with holes to be repaired",
		pack.StateInterrupted: "Interrupted; the same command goes on"}
	w.board.End(fmt.Sprintf("%s: %s of %s packed in %s.", end[r.State],
		units.Count(r.Built+r.Skipped), units.Plural(r.Textures, "texture"),
		units.Duration(time.Duration(r.ElapsedSeconds*float64(time.Second)))))
}

func (w *Watcher) Close() {
	if w.server != nil {
		w.settle()
		w.server.Close()
	}
	if w.trace == nil {
		return
	}
	// What stopped it was said when it did.
	if dropped, _ := w.trace.Close(); dropped > 0 {
		w.note(fmt.Sprintf("the trace lacks %s: they came faster than they could be written",
			units.Plural(dropped, "event")))
	}
}

// LogCauses logs why chunks failed.
func (w *Watcher) LogCauses(r pack.Report) {
	for _, c := range r.Causes {
		w.Log.Warn("chunks failed", "cause", words.Plain(c.Cause), "count", c.Count, "example",
			words.Plain(c.Example))
	}
}
