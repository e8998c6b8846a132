package main

import (
	"fmt"
	"io"

	"github.com/xelpack/xelpack/internal/observe"
	"github.com/xelpack/xelpack/internal/observe/logs"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// onOutage says why nothing moves: to a person in words, to whoever reads a JSON log as lines of
// it.
func (o logOptions) onOutage(w *watch.Watcher, stderr io.Writer) func(fetch.Outage) {
	if o.LogJSON {
		return observe.Logging{To: w.Log}.Outage
	}
	return func(out fetch.Outage) { sayOutage(stderr, out) }
}

// logProgress writes how far a build is where there is no terminal.
func (o logOptions) logProgress(stderr io.Writer) func(line string) {
	if o.LogJSON {
		log := logs.New(stderr, logs.Options{JSON: true})
		return func(line string) { log.Info("progress", "so_far", line) }
	}
	return func(line string) { fmt.Fprintln(stderr, line) }
}

// sayOutage tells the person at the terminal why nothing moves, and that it does again. It starts a
// line of its own: a progress bar may stand on this one.
func sayOutage(w io.Writer, o fetch.Outage) {
	if o.Down {
		fmt.Fprintf(w, "\nwaiting: %s %s; the build goes on when it serves what it did, and can be interrupted and gone on with later\n",
			o.Host, words.Plain(fetch.Explain(o.Cause)))
		return
	}
	fmt.Fprintf(w, "\n%s answers again after %s\n", o.Host, units.Duration(o.Lasted))
}

// worstCause says why most of the chunks that failed did, to stand behind what says how many those
// are.
func worstCause(r pack.Report) string {
	if len(r.Causes) == 0 {
		return ""
	}
	worst := words.Plain(r.Causes[0].Cause)
	if len(r.Causes) > 1 {
		return fmt.Sprintf(": mostly %s", worst)
	}
	return ": " + worst
}
