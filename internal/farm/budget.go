package farm

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// ask is a worker's question for leave to send requests, by host, with what came of the last ones.
type ask struct {
	Worker string             `json:"worker"`
	Hosts  map[string]hostAsk `json:"hosts"`
}

type hostAsk struct {
	Want    int  `json:"want"` // requests that wait
	OK      int  `json:"ok"`   // answers since the last question
	TooMany int  `json:"too_many"`
	Down    bool `json:"down"` // it has stopped answering
}

// grant is the answer.
type grant struct {
	Free   bool          `json:"free,omitempty"` // no leave is needed until the next answer
	N      int           `json:"n"`              // so many may go, after a while, within grantFor
	After  time.Duration `json:"after"`
	AtOnce int           `json:"at_once,omitempty"` // in flight at most; 0: no limit
	Spent  string        `json:"spent,omitempty"`   // why nothing may go today
}

const (
	reportEvery = 250 * time.Millisecond // so that all know within a second what one has seen
	leaseFor    = 3 * time.Second        // without an answer nothing is asked of the provider any more
	grantFor    = time.Second
	ahead       = 250 * time.Millisecond // of the budget are given away at most
	given       = 0.99                   // of the ceiling: late requests must not exceed it within a second
	refusals    = 4                      // in a second: more than one chunk's bad luck
	refusedPart = 0.012                  // of the answers, as for one client
	accepted    = 0.95                   // of what a host was seen to accept is then asked
	trickle     = 2.0                    // requests a second to a host that is down: probes
)

// budget gives out what a provider is asked. Safe for concurrent use.
type budget struct {
	// ceilings of a host: requests a second and in flight; 0: none
	ceilings map[string]ceiling
	allow    func(ctx context.Context, host string) error // one more request today; nil: always
	now      func() time.Time

	mu    sync.Mutex
	hosts map[string]*hostBudget
}

type ceiling struct {
	Rate   float64
	AtOnce int
	Daily  bool
}

type hostBudget struct {
	ceiling
	next    time.Time // when the next request is to go
	learnt  float64   // requests a second since cut; 0: nothing learnt
	cut     time.Time
	second  time.Time // the start of the one that is being counted
	ok, too int       // in it
	rate    float64   // answered in the last one
	down    map[string]bool
	// when it last answered anybody: a worker to whom it does not may be cut off itself
	answered time.Time
	seen     map[string]time.Time // workers by when they last asked
}

func newBudget(ceilings map[string]ceiling) *budget {
	return &budget{ceilings: ceilings, now: time.Now, hosts: map[string]*hostBudget{}}
}

// answer serves the questions of workers.
func (b *budget) answer(ctx context.Context) nats.MsgHandler {
	return func(m *nats.Msg) {
		var q ask
		if json.Unmarshal(m.Data, &q) != nil {
			return
		}
		grants := map[string]grant{}
		for host, h := range q.Hosts {
			grants[host] = b.grant(ctx, q.Worker, host, h)
		}
		body, err := json.Marshal(grants)
		if err == nil {
			_ = m.Respond(body) // who did not hear it asks again
		}
	}
}

func (b *budget) grant(ctx context.Context, worker, host string, q hostAsk) grant {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	h := b.hosts[host]
	if h == nil {
		h = &hostBudget{ceiling: b.ceilings[host], second: now, down: map[string]bool{}, seen: map[string]time.Time{}}
		b.hosts[host] = h
	}
	h.learn(now, worker, q)
	g := grant{AtOnce: h.share(worker)}
	perSecond := given * h.perSecond(now)
	if math.IsInf(perSecond, 1) && !h.Daily {
		g.Free = true
		return g
	}
	start := h.next
	if late := now.Add(-50 * time.Millisecond); start.Before(late) {
		start = late
	}
	n := q.Want
	if !math.IsInf(perSecond, 1) {
		room := now.Add(ahead).Sub(start).Seconds() * perSecond
		each := math.Ceil(perSecond * ahead.Seconds() / float64(max(1, len(h.seen))))
		if perSecond*ahead.Seconds() < 1 { // seldom: one at a time, whoever asks
			room = math.Floor(now.Sub(h.next).Seconds()*perSecond) + 1
			if h.next.After(now) {
				room = 0
			}
		}
		n = max(0, min(n, int(room), int(each)))
	}
	for i := range n {
		if b.allow == nil || !h.Daily {
			break
		}
		if err := b.allow(ctx, host); err != nil {
			if n = i; n == 0 {
				g.Spent = err.Error()
			}
			break
		}
	}
	if g.N = n; n > 0 && !math.IsInf(perSecond, 1) {
		h.next = start.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
		g.After = max(0, start.Sub(now))
	}
	return g
}

// learn counts what a worker has seen.
func (h *hostBudget) learn(now time.Time, worker string, q hostAsk) {
	h.seen[worker] = now
	for w, t := range h.seen {
		if now.Sub(t) > leaseFor {
			delete(h.seen, w)
			delete(h.down, w)
		}
	}
	if q.OK > 0 {
		h.answered = now
	}
	if delete(h.down, worker); q.Down {
		h.down[worker] = true
	}
	if length := now.Sub(h.second); length >= time.Second {
		h.rate = float64(h.ok) / length.Seconds()
		h.ok, h.too, h.second = 0, 0, now
	}
	h.ok, h.too = h.ok+q.OK, h.too+q.TooMany
	if h.too >= refusals && float64(h.too) > refusedPart*float64(h.ok+h.too) && now.Sub(h.cut) >= time.Second {
		rate := h.rate
		if length := now.Sub(h.second).Seconds(); length > 0.2 {
			rate = max(rate, float64(h.ok)/length)
		}
		h.learnt, h.cut = max(accepted*rate, 0.5), now
	}
}

// perSecond returns the limit of requests a second.
func (h *hostBudget) perSecond(now time.Time) float64 {
	limit := math.Inf(1)
	if h.Rate > 0 {
		limit = h.Rate
	}
	if h.learnt > 0 { // slowly more again
		quiet := max(0, now.Sub(h.cut).Seconds()-3)
		limit = min(limit, h.learnt*math.Pow(1.01, min(quiet, 12))*math.Pow(1.05, max(0, quiet-12)))
		if limit > 1e5 {
			h.learnt, limit = 0, math.Inf(1)
		}
	}
	if h.isDown(now) {
		limit = min(limit, trickle)
	}
	return limit
}

func (h *hostBudget) isDown(now time.Time) bool {
	return len(h.down) > 0 && now.Sub(h.answered) > time.Second
}

// share returns how many requests a worker may have in flight: its part of the host's ceiling.
func (h *hostBudget) share(worker string) int {
	if h.AtOnce == 0 {
		return 0
	}
	names := make([]string, 0, len(h.seen))
	for w := range h.seen {
		names = append(names, w)
	}
	slices.Sort(names)
	n := h.AtOnce / len(names)
	if slices.Index(names, worker) < h.AtOnce%len(names) {
		n++
	}
	if n == 0 {
		return -1
	}
	return n
}

// HostState is how a provider's host is asked.
type HostState struct {
	Host      string  `json:"host"`
	Limit     float64 `json:"limit"`      // requests a second at the moment; 0: none
	PerSecond float64 `json:"per_second"` // good answers in the last second
	Down      bool    `json:"down,omitempty"`
	Workers   int     `json:"workers"`
}

func (b *budget) state() (list []HostState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for host, h := range b.hosts {
		limit := h.perSecond(b.now())
		if math.IsInf(limit, 1) {
			limit = 0
		}
		list = append(list, HostState{host, limit, h.rate, h.isDown(b.now()), len(h.seen)})
	}
	slices.SortFunc(list, func(a, b HostState) int { return cmp.Compare(a.Host, b.Host) })
	return list
}
