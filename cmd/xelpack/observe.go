package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/httpd"
	"github.com/xelpack/xelpack/internal/logs"
	"github.com/xelpack/xelpack/internal/metrics"
	"github.com/xelpack/xelpack/internal/observe"
)

// observeOptions are the flags about seeing what a build or a mount does.
type observeOptions struct {
	HTTP        string
	AllowRemote bool
	Pprof       bool
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
}

// start begins to watch. Close it.
func (o observeOptions) start(ctx context.Context, stderr io.Writer) (*watcher, error) {
	w := &watcher{}
	if o.HTTP == "" {
		if o.AllowRemote || o.Pprof {
			return nil, usageErrorf("--http-allow-remote and --http-pprof are about --http: give --http 127.0.0.1:8087 as well")
		}
		return w, nil
	}
	m := metrics.New(&w.Sources)
	server, err := httpd.Listen(ctx, httpd.Options{
		Addr: o.HTTP, AllowRemote: o.AllowRemote, Profiles: o.Pprof, Metrics: m.Handler(),
	})
	if err != nil {
		return nil, explainHTTP(err)
	}
	w.server, w.observer = server, m
	fmt.Fprintf(stderr, "status page: %s\n", server.URL())
	return w, nil
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
}
