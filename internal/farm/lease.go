package farm

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// lease is a worker's part of the budget. Safe for concurrent use.
type lease struct {
	worker string
	ask    func(ctx context.Context, q ask) (map[string]grant, error)
	kick   chan struct{}

	mu    sync.Mutex
	hosts map[string]*hostLease
}

type hostLease struct {
	report  hostAsk // what came of requests since the last question
	heard   time.Time
	free    bool
	atOnce  int
	spent   string
	tokens  int
	from    time.Time // when the tokens may be used
	flying  int
	waiting []chan error
}

func newLease(nc *nats.Conn, build, worker string) *lease {
	return &lease{worker: worker, kick: make(chan struct{}, 1), hosts: map[string]*hostLease{},
		ask: func(ctx context.Context, q ask) (map[string]grant, error) {
			body, err := json.Marshal(q)
			if err != nil {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(ctx, leaseFor)
			defer cancel()
			m, err := nc.RequestWithContext(ctx, leaseSubject(build), body)
			if err != nil {
				return nil, err
			}
			var grants map[string]grant
			return grants, json.Unmarshal(m.Data, &grants)
		}}
}

func (l *lease) of(host string) *hostLease {
	h := l.hosts[host]
	if h == nil {
		h = &hostLease{}
		l.hosts[host] = h
	}
	return h
}

// Pace is fetch.ClientOptions.Pace.
func (l *lease) Pace(ctx context.Context, host string) (done func(), err error) {
	mine := make(chan error, 1)
	l.mu.Lock()
	h := l.of(host)
	h.waiting = append(h.waiting, mine)
	h.admit(time.Now())
	l.mu.Unlock()
	l.hurry(h)
	leave := func() {
		l.mu.Lock()
		h.flying--
		h.admit(time.Now())
		l.mu.Unlock()
	}
	select {
	case err := <-mine:
		return leave, err
	case <-ctx.Done():
	}
	l.mu.Lock()
	for i, w := range h.waiting {
		if w == mine {
			h.waiting = append(h.waiting[:i], h.waiting[i+1:]...)
			l.mu.Unlock()
			return nil, ctx.Err()
		}
	}
	l.mu.Unlock()
	if <-mine == nil {
		leave() // its turn came in the meantime
	}
	return nil, ctx.Err()
}

// hurry asks soon if requests wait for leave.
func (l *lease) hurry(h *hostLease) {
	l.mu.Lock()
	waits := len(h.waiting) > 0
	l.mu.Unlock()
	if waits {
		select {
		case l.kick <- struct{}{}:
		default:
		}
	}
}

// admit lets go who may. The lock is held.
func (h *hostLease) admit(now time.Time) {
	if h.spent != "" {
		for _, w := range h.waiting {
			w <- errors.New(h.spent)
		}
		h.waiting = nil
		return
	}
	if now.Sub(h.heard) > leaseFor {
		h.free, h.tokens = false, 0
	}
	if now.Sub(h.from) > grantFor {
		h.tokens = 0
	}
	for len(h.waiting) > 0 && h.atOnce >= 0 && (h.atOnce == 0 || h.flying < h.atOnce) {
		if !h.free {
			if h.tokens == 0 || h.from.After(now) {
				return
			}
			h.tokens--
		}
		h.flying++
		h.waiting[0] <- nil
		h.waiting = h.waiting[1:]
	}
}

// soonest is the time between two questions at least: what comes at once is asked for at once.
const soonest = 10 * time.Millisecond

// run asks for leave until ctx ends.
func (l *lease) run(ctx context.Context) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.kick:
		}
		q := ask{Worker: l.worker, Hosts: map[string]hostAsk{}}
		l.mu.Lock()
		for host, h := range l.hosts {
			h.report.Want = max(0, len(h.waiting)-h.tokens)
			q.Hosts[host] = h.report
			h.report = hostAsk{Down: h.report.Down}
		}
		l.mu.Unlock()
		var grants map[string]grant
		if len(q.Hosts) > 0 {
			grants, _ = l.ask(ctx, q) // none: all wait, and it is asked again
		}
		now := time.Now()
		next := reportEvery
		l.mu.Lock()
		for host, h := range l.hosts {
			if g, ok := grants[host]; ok {
				h.heard, h.free, h.atOnce, h.spent = now, g.Free, g.AtOnce, g.Spent
				if g.N > 0 {
					h.tokens, h.from = h.tokens+g.N, now.Add(g.After)
				}
			}
			h.admit(now)
			if wait := h.from.Sub(now); h.tokens > 0 && wait > 0 {
				next = min(next, wait)
			}
			if len(h.waiting) > h.tokens && !h.free {
				next = min(next, soonest)
			}
		}
		l.mu.Unlock()
		tick.Reset(max(next, time.Millisecond))
		if len(grants) < len(q.Hosts) {
			sleep(ctx, reportEvery)
		}
		sleep(ctx, soonest)
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Attempted implements fetch.Observer.
func (l *lease) Attempted(host string, outcome fetch.Outcome, _ time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch h := l.of(host); outcome {
	case fetch.OutcomeOK, fetch.OutcomeNoImagery:
		h.report.OK++
	case fetch.OutcomeTooMany:
		h.report.TooMany++
	}
}

// Fetched implements fetch.Observer.
func (l *lease) Fetched(string, tiles.Chunk, fetch.Outcome, time.Duration) {}

// outage is fetch.ClientOptions.OnOutage.
func (l *lease) outage(o fetch.Outage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(o.Host).report.Down = o.Down
}
