package observe

import (
	"log/slog"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Logging logs notable events of fetching and building. Warnings are for what affects the result
// (chunks that failed for good, textures with holes, hosts that stop answering, slow tasks),
// information is for what is retried (failed requests, throttling), and the debug level has every
// texture. Messages are constants, so that the log can limit them.
type Logging struct {
	Nobody
	To *slog.Logger
}

var _ Observer = Logging{}

// Attempted implements fetch.Observer.
func (l Logging) Attempted(host string, outcome fetch.Outcome, took time.Duration) {
	switch outcome {
	case fetch.OutcomeOK, fetch.OutcomeNoImagery, fetch.OutcomeCancelled:
	case fetch.OutcomeTooMany:
		l.To.Info("throttled by the host", "host", host, "took", took.Round(time.Millisecond))
	default:
		l.To.Info("request failed", "host", host, "outcome", string(outcome), "took",
			took.Round(time.Millisecond))
	}
}

// Fetched implements fetch.Observer.
func (l Logging) Fetched(host string, c tiles.Chunk, outcome fetch.Outcome, took time.Duration) {
	switch outcome {
	case fetch.OutcomeOK, fetch.OutcomeNoImagery, fetch.OutcomeCancelled:
		return
	}
	l.To.Warn("chunk failed", "chunk", c.String(), "host", host, "outcome", string(outcome), "took",
		took.Round(time.Millisecond))
}

// Stored implements pack.Observer.
func (l Logging) Stored(it tiles.Item, tally pack.Tally) {
	if tally.Failed > 0 {
		l.To.Warn("texture has holes", "texture", it.Name(), "failed", tally.Failed, "chunks",
			tally.Chunks)
		return
	}
	l.To.Debug("texture packed", "texture", it.Name(), "detail", it.Detail, "chunks", tally.Chunks,
		"without_imagery", tally.Missing)
}

// Built implements pack.Observer.
func (l Logging) Built(it tiles.Item, tally pack.Tally, took time.Duration, err error) {
	if err == nil {
		l.To.Debug("texture built", "texture", it.Name(), "failed", tally.Failed, "took",
			took.Round(time.Millisecond))
	}
}

// Worked implements pack.Observer.
func (l Logging) Worked(task pack.Task, took time.Duration) {
	if took > Stuck {
		l.To.Warn("slow task", "task", task.String(), "took", took.Round(time.Millisecond))
	}
}

// Outage is a handler for fetch.ClientOptions.OnOutage.
func (l Logging) Outage(o fetch.Outage) {
	if o.Down {
		l.To.Warn("host has stopped answering", "host", o.Host, "error", o.Cause)
		return
	}
	l.To.Warn("host answers again", "host", o.Host, "after", o.Lasted.Round(time.Millisecond))
}
