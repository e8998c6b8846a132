package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/httpd"
	"github.com/xelpack/xelpack/internal/logs"
	"github.com/xelpack/xelpack/internal/metrics"
	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/pkg/trace"
)

// observeOptions are the flags about seeing what a build or a mount does.
type observeOptions struct {
	HTTP        string
	AllowRemote bool
	Pprof       bool
	Trace       string // mount's
	logOptions
}

func (o *observeOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.HTTP, "http", "", "serve the status page, /metrics and /healthz at `ADDRESS`, such as 127.0.0.1:8087")
	f.BoolVar(&o.AllowRemote, "http-allow-remote", false, "let --http be an address that other machines can reach")
	f.BoolVar(&o.Pprof, "http-pprof", false, "with --http, serve profiles at /debug/pprof/ too")
	o.logOptions.register(f)
}

// logOptions are the flags about the log.
type logOptions struct {
	LogLevel string
	LogJSON  bool
}

func (o *logOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.LogLevel, "log-level", "info", "least that is logged: debug, info, warn or error")
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
	server   *httpd.Server
	trace    *trace.Writer // nil: none
	stderr   io.Writer
}

// start begins to watch. Close it.
func (o observeOptions) start(ctx context.Context, stderr io.Writer) (*watcher, error) {
	w := &watcher{stderr: stderr}
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
		m, err := o.serve(ctx, w)
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
	w, err := trace.Create(file, trace.Options{OnError: func(err error) {
		fmt.Fprintf(stderr, "the trace ends here, the mount goes on: %v\n", err)
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
func (o observeOptions) serve(ctx context.Context, w *watcher) (observe.Observer, error) {
	m := metrics.New(&w.Sources)
	server, err := httpd.Listen(ctx, httpd.Options{
		Addr: o.HTTP, AllowRemote: o.AllowRemote, Profiles: o.Pprof, Metrics: m.Handler(),
	})
	if err != nil {
		return nil, explainHTTP(err)
	}
	w.server = server
	fmt.Fprintf(w.stderr, "status page: %s\n", server.URL())
	return m, nil
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

func (w *watcher) close() {
	if w.server != nil {
		w.server.Close()
	}
	if w.trace == nil {
		return
	}
	// What stopped it was said when it did.
	if dropped, _ := w.trace.Close(); dropped > 0 {
		fmt.Fprintf(w.stderr, "the trace lacks %s: they came faster than they could be written\n", plural(dropped, "event"))
	}
}
