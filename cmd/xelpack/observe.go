package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/observe/httpd"
	"github.com/xelpack/xelpack/internal/observe/logs"
	"github.com/xelpack/xelpack/internal/observe/metrics"
	"github.com/xelpack/xelpack/internal/observe/status"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// observeOptions are the flags about seeing what a build or a mount does.
type observeOptions struct {
	HTTP        string
	AllowRemote bool
	Pprof       bool
	Trace       string // mount's
	logOptions
}

// register registers the flags; level is the default of --log-level.
func (o *observeOptions) register(f *pflag.FlagSet, level string) {
	f.StringVar(&o.HTTP, "http", "", "serve the status page, /metrics and /healthz at `ADDRESS`, such as 127.0.0.1:8087")
	f.BoolVar(&o.AllowRemote, "http-allow-remote", false, "let --http be an address that other machines can reach")
	f.BoolVar(&o.Pprof, "http-pprof", false, "with --http, serve profiles at /debug/pprof/ too")
	o.logOptions.register(f, level)
}

// logOptions are the flags about the log.
type logOptions struct {
	LogLevel string
	LogJSON  bool
}

func (o *logOptions) register(f *pflag.FlagSet, level string) {
	f.StringVar(&o.LogLevel, "log-level", level, "least that is logged: debug, info, warn or error")
	f.BoolVar(&o.LogJSON, "log-json", false, "log lines as JSON")
}

// logger returns the log on w.
func (o logOptions) logger(w io.Writer) (*slog.Logger, error) {
	level, err := logs.ParseLevel(o.LogLevel)
	if err != nil {
		return nil, usageErrorf("--log-level: %w", err)
	}
	return logs.New(w, logs.Options{Level: level, JSON: o.LogJSON}), nil
}

// watcher is who watches a build or a mount. Its observer is nil when nobody does.
type watcher struct {
	observe.Sources
	observer observe.Observer
	log      *slog.Logger
	board    *status.Board // nil without a page
	settle   func()        // ends the board's updates
	server   *httpd.Server
	trace    *trace.Writer // nil: none
	stderr   io.Writer
}

// making returns who hears of fetching and building: the log, and whoever watches.
func (w *watcher) making() observe.Observer {
	log := observe.Logging{To: w.log}
	if w.observer == nil {
		return log
	}
	return observe.All(log, w.observer)
}

// start begins to watch a "build", a "repair" or a "mount". Close it.
func (o observeOptions) start(ctx context.Context, what string, stderr io.Writer) (*watcher, error) {
	log, err := o.logger(progress.Beside(stderr))
	if err != nil {
		return nil, err
	}
	w := &watcher{stderr: stderr, log: log}
	var watching []observe.Observer
	if o.Trace != "" {
		t, err := startTrace(o.Trace, stderr)
		if err != nil {
			return nil, err
		}
		w.trace = t
		watching = append(watching, observe.Tracing{To: t})
	}
	if o.HTTP != "" {
		m, err := o.serve(ctx, what, w)
		if err != nil {
			w.close()
			return nil, err
		}
		watching = append(watching, m)
	} else if o.AllowRemote || o.Pprof {
		w.close()
		return nil, usageErrorf("--http-allow-remote and --http-pprof are about --http: give --http 127.0.0.1:8087 as well")
	}
	if len(watching) > 0 {
		w.observer = observe.All(watching...)
	}
	return w, nil
}

// startTrace starts the trace of a mount. Whatever becomes of it, the mount goes on.
func startTrace(file string, stderr io.Writer) (*trace.Writer, error) {
	file, err := realpath.Of(file) // what a link leads to may not be there yet
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	w, err := trace.Create(file, trace.Options{OnError: func(err error) {
		words.Fprintf(stderr, "the trace ends here, the mount goes on: %v\n", err)
	}})
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("--trace %s: the record of another flight is there: choose another name or remove it", file)
	}
	if err != nil {
		return nil, fmt.Errorf("--trace: %w", err)
	}
	return w, nil
}

// serve starts the HTTP server of w and returns who is to tell it.
func (o observeOptions) serve(ctx context.Context, what string, w *watcher) (observe.Observer, error) {
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
	fmt.Fprintf(w.stderr, "status page: %s\n", server.URL())
	return observe.All(m, board), nil
}

func explainHTTP(err error) error {
	switch {
	case errors.Is(err, httpd.ErrRemote):
		return usageErrorf("--http: %w: add --http-allow-remote if that is meant (there is no password)", err)
	case errors.Is(err, httpd.ErrTaken):
		return fmt.Errorf("--http: %w: another xelpack, perhaps; choose another port", err)
	}
	return usageErrorf("--http: %w", err)
}

// draw shows a plan on the page.
func (w *watcher) draw(m planmap.Map) {
	if w.board != nil {
		w.board.Draw(m)
	}
}

// begin shows what a build is about to do, and lets it be asked how it is.
func (w *watcher) begin(r build.Running) {
	w.Client.Store(r.Client)
	w.Pipeline.Store(r.Pipeline)
	w.Writer.Store(r.Writer)
	if w.board == nil {
		return
	}
	missing := make(map[tiles.Key]bool, len(r.Todo))
	for _, it := range r.Todo {
		missing[it.Key()] = true
	}
	w.board.Plan(r.Items, func(k tiles.Key) bool { return !missing[k] })
}

// holds shows what a mount has, and where it is to be flown.
func (w *watcher) holds(archives []mount.Archive, files []string, g plan.Ground) {
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
	w.board.Draw(planmap.Map{Title: strings.Join(names, ", "), Items: items, Routes: g.Paths, Cells: tiles.Cells(g.Regions)})
}

// finished says on the page how a build ended.
func (w *watcher) finished(r pack.Report) {
	if w.board == nil {
		return
	}
	end := map[string]string{pack.StateComplete: "Finished", pack.StateHoles: "Finished, with holes to be repaired", pack.StateInterrupted: "Interrupted; the same command goes on"}
	w.board.End(fmt.Sprintf("%s: %s of %s packed in %s.", end[r.State], units.Count(r.Built+r.Skipped), units.Plural(r.Textures, "texture"),
		units.Duration(time.Duration(r.ElapsedSeconds*float64(time.Second)))))
}

func (w *watcher) close() {
	if w.server != nil {
		w.settle()
		w.server.Close()
	}
	if w.trace == nil {
		return
	}
	// What stopped it was said when it did.
	if dropped, _ := w.trace.Close(); dropped > 0 {
		fmt.Fprintf(w.stderr, "the trace lacks %s: they came faster than they could be written\n", units.Plural(dropped, "event"))
	}
}
