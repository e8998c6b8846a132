package main

import (
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/observe/logs"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// onOutage reports that the work waits: to a person in words, in a JSON log as a record.
func (o logOptions) onOutage(w *watch.Watcher, stderr io.Writer) func(fetch.Outage) {
	if o.LogJSON {
		return observe.Logging{To: w.Log}.Outage
	}
	return func(out fetch.Outage) { observe.SayOutage(stderr, out) }
}

// logProgress logs the progress of a build when there is no terminal.
func (o logOptions) logProgress(stderr io.Writer) func(line string) {
	if o.LogJSON {
		log := logs.New(stderr, logs.Options{JSON: true})
		return func(line string) { log.Info("progress", "so_far", line) }
	}
	return func(line string) { fmt.Fprintln(stderr, line) }
}
