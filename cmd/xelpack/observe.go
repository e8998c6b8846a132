package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/observe/logs"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/usage"
)

// observeOptions are the flags about observing a build or a mount.
type observeOptions struct {
	watch watch.Options
	logOptions
}

// register registers the flags; level is the default of --log-level.
func (o *observeOptions) register(f *pflag.FlagSet, level string) {
	f.StringVar(&o.watch.HTTP, "http", "",
		"serve the status page, /metrics and /healthz at `ADDRESS`, such as 127.0.0.1:8087")
	f.BoolVar(&o.watch.AllowRemote, "http-allow-remote", false,
		"allow an --http address that other machines can reach")
	f.BoolVar(&o.watch.Pprof, "http-pprof", false,
		"with --http, serve profiles at /debug/pprof/ too")
	o.logOptions.register(f, level)
}

// logOptions are the flags about the log.
type logOptions struct {
	LogLevel string
	LogJSON  bool
}

func (o *logOptions) register(f *pflag.FlagSet, level string) {
	f.StringVar(&o.LogLevel, "log-level", level, "lowest level logged: debug, info, warn or error")
	f.BoolVar(&o.LogJSON, "log-json", false, "log lines as JSON")
}

// logger returns the log on w.
func (o logOptions) logger(w io.Writer) (*slog.Logger, error) {
	level, err := logs.ParseLevel(o.LogLevel)
	if err != nil {
		return nil, usage.Errorf("--log-level: %w", err)
	}
	return logs.New(w, logs.Options{Level: level, JSON: o.LogJSON}), nil
}

// start starts observing a "build", a "repair" or a "mount". The caller must close it.
func (o observeOptions) start(ctx context.Context, what string,
	stderr io.Writer) (w *watch.Watcher, err error) {
	if o.watch.Log, err = o.logger(progress.Beside(stderr)); err != nil {
		return nil, err
	}
	o.watch.Note = notes(stderr)
	return watch.Start(ctx, what, o.watch)
}
