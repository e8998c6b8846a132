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

// Observer hears of what a Client does. Its methods are called from many goroutines at once and
// must not wait.
type Observer interface {
	// Attempted is called after each request: what came of it, and how long it took to its last
	// byte, without what it waited for before it was sent.
	Attempted(host string, outcome Outcome, took time.Duration)
	// Fetched is called when a chunk has come to its end, with every wait and retry. host is empty
	// for a source without network.
	Fetched(host string, c tiles.Chunk, outcome Outcome, took time.Duration)
}

// Outcome is what became of an attempt or a chunk, in a word.
type Outcome string

// The outcomes. OutcomeTimeout to OutcomeBody are retried; of a chunk they say how the last attempt
// ended.
const (
	OutcomeOK        Outcome = "ok"
	OutcomeNoImagery Outcome = "no_imagery"
	OutcomeTimeout   Outcome = "timeout"
	OutcomeTooMany   Outcome = "too_many"  // 429
	OutcomeServer    Outcome = "server"    // 408 and 5xx
	OutcomeNetwork   Outcome = "network"   // could not connect, or the connection broke
	OutcomeBody      Outcome = "bad_body"  // not a usable image
	OutcomeRefused   Outcome = "refused"   // 401, 403
	OutcomeDown      Outcome = "down"      // not asked: the host has stopped answering
	OutcomeOffline   Outcome = "offline"   // not asked: the network is off
	OutcomeCancelled Outcome = "cancelled" // whoever asked went away
	OutcomeOther     Outcome = "other"     // a failure of another kind
)

// OutcomeOf returns what err, of a Source, stands for.
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
		{errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded), OutcomeCancelled},
		{status != nil && status.Code == http.StatusTooManyRequests, OutcomeTooMany},
		{status != nil && (status.Code >= 500 || status.Code == http.StatusRequestTimeout), OutcomeServer},
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

// ClientState is what a Client is doing at one moment.
type ClientState struct {
	InFlight, Waiting, Ceiling int // requests under way, requests that wait for one of the process's slots, and how many there are
	Hosts                      []HostState
}

// HostState is what a Client has learnt about a host, and how it treats it.
type HostState struct {
	Host      string
	InFlight  int
	Queued    int     // attempts that wait for their turn
	Limit     int     // how many may be under way at once: what AIMD has come to
	PerSecond float64 // the rate that is kept to; 0: none
	Median    time.Duration
	Accepted  float64 // good answers a second, of late
	Down      bool    // it has stopped answering what it answered before
	Refused   bool    // it refuses everything (401, 403), and is asked once a minute
	Cause     error   // how the latest failed, when it is Down or Refused
}

// State returns what the Client is doing now.
func (c *Client) State() ClientState {
	s := ClientState{
		InFlight: int(c.gate.inside.Load()), Waiting: int(c.gate.waiting.Load()), Ceiling: c.options.Concurrency,
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
