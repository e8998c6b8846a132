package fetch

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Observer receives the events of a Client. Its methods are called from many goroutines at once and
// must not wait.
type Observer interface {
	// Attempted is called after each request with its outcome and the time to its last byte,
	// without the wait before it was sent.
	Attempted(host string, outcome Outcome, took time.Duration)
	// Fetched is called when a chunk is finished, including all waits and retries. host is empty
	// for a source without network.
	Fetched(host string, c tiles.Chunk, outcome Outcome, took time.Duration)
}

// Outcome is the outcome of an attempt or a chunk, in a word.
type Outcome string

// The outcomes. OutcomeTimeout to OutcomeBody are retried; for a chunk they tell how the last
// attempt ended.
const (
	OutcomeOK        Outcome = "ok"
	OutcomeNoImagery Outcome = "no_imagery"
	OutcomeTimeout   Outcome = "timeout"
	OutcomeTooMany   Outcome = "too_many"  // 429
	OutcomeServer    Outcome = "server"    // 408 and 5xx
	OutcomeNetwork   Outcome = "network"   // could not connect, or the connection broke
	OutcomeBody      Outcome = "bad_body"  // not a usable image
	OutcomeRefused   Outcome = "refused"   // 401, 403
	OutcomeDown      Outcome = "down"      // not requested: the host has stopped answering
	OutcomeOffline   Outcome = "offline"   // not requested: offline
	OutcomeCancelled Outcome = "cancelled" // the caller cancelled it
	OutcomeOther     Outcome = "other"     // a failure of another kind
)

// OutcomeOf returns the outcome for err, of a Source.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeOK
	}
	status, _ := errors.AsType[*StatusError](err)
	for _, is := range [...]struct {
		yes     bool
		outcome Outcome
	}{
		{errors.Is(err, ErrNoImagery), OutcomeNoImagery},
		{errors.Is(err, ErrRefused), OutcomeRefused},
		{errors.Is(err, ErrDown), OutcomeDown},
		{errors.Is(err, ErrOffline), OutcomeOffline},
		{errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded),
			OutcomeCancelled},
		{status != nil && status.Code == http.StatusTooManyRequests, OutcomeTooMany},
		{status != nil && (status.Code >= 500 || status.Code == http.StatusRequestTimeout),
			OutcomeServer},
		{errors.Is(err, ErrTimeout), OutcomeTimeout},
		{errors.Is(err, ErrNetwork), OutcomeNetwork},
		{errors.Is(err, ErrBody), OutcomeBody},
	} {
		if is.yes {
			return is.outcome
		}
	}
	return OutcomeOther
}

// ClientState is the state of a Client at one moment.
type ClientState struct {
	// requests in flight, requests waiting for one of the process's slots, and the number of slots
	InFlight, Waiting, Ceiling int
	Hosts                      []HostState
}

// HostState is what a Client knows about a host.
type HostState struct {
	Host      string
	InFlight  int
	Queued    int     // attempts waiting for their turn
	Limit     int     // how many may be in flight at once (AIMD)
	PerSecond float64 // current limit of requests a second; 0: none
	Median    time.Duration
	Accepted  float64 // recent good answers a second
	Down      bool    // it has stopped answering what it answered before
	Refused   bool    // it refuses everything (401, 403), and is tried once a minute
	Cause     error   // the latest failure, if it is Down or Refused
}

// State returns the Client's current state.
func (c *Client) State() ClientState {
	s := ClientState{
		InFlight: int(c.gate.inside.Load()), Waiting: int(
			c.gate.waiting.Load()), Ceiling: c.options.Concurrency,
	}
	throttles := c.hosts.all()
	for _, name := range slices.Sorted(maps.Keys(throttles)) {
		s.Hosts = append(s.Hosts, throttles[name].state(name))
	}
	return s
}

func (t *throttle) state(host string) HostState {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	s := HostState{
		Host: host, InFlight: t.inFlight, Queued: len(t.queue), Limit: t.flow.width(),
		Median: t.flow.median(), Accepted: t.rate.accepted(now),
	}
	if t.outage.down {
		s.Cause = t.outage.cause
		s.Refused = errors.Is(s.Cause, ErrRefused)
		s.Down = !s.Refused
	}
	if interval := t.rate.interval(now); interval > 0 {
		s.PerSecond = 1 / interval.Seconds()
	}
	return s
}
