package main

import (
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/observe/logs"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// onOutage reports that the work waits: to a person in words, in a JSON log as a record.
func (o logOptions) onOutage(w *watch.Watcher, stderr io.Writer) func(fetch.Outage) {
	if o.LogJSON {
		return observe.Logging{To: w.Log}.Outage
	}
	return func(out fetch.Outage) { sayOutage(stderr, out) }
}

// logProgress logs the progress of a build when there is no terminal.
func (o logOptions) logProgress(stderr io.Writer) func(line string) {
	if o.LogJSON {
		log := logs.New(stderr, logs.Options{JSON: true})
		return func(line string) { log.Info("progress", "so_far", line) }
	}
	return func(line string) { fmt.Fprintln(stderr, line) }
}

// sayOutage tells a person at the terminal that the work waits, and when it continues. It starts
// with a new line, because a progress bar may be on the current one.
func sayOutage(w io.Writer, o fetch.Outage) {
	if o.Down {
		fmt.Fprintf(w, "\nwaiting: %s %s; the build continues when the host is back; it can also "+
			"be interrupted and continued later\n",
			o.Host, words.Plain(fetch.Explain(o.Cause)))
		return
	}
	fmt.Fprintf(w, "\n%s answers again after %s\n", o.Host, units.Duration(o.Lasted))
}
