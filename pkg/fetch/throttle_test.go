package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// host is a provider's server in the bubble's clock.
type host struct {
	latency   time.Duration
	perSecond float64 // a token bucket of a tenth of a second; 0: no limit
	answer    func(n int64, c tiles.Chunk) error

	mu               sync.Mutex
	tokens           float64
	filled           time.Time
	sent, ok, refuse int64
	inFlight, most   int
}

func (h *host) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	h.mu.Lock()
	h.sent++
	n := h.sent
	h.inFlight++
	h.most = max(h.most, h.inFlight)
	refused := false
	if h.perSecond > 0 {
		now := time.Now()
		h.tokens = min(h.perSecond/10, h.tokens+now.Sub(h.filled).Seconds()*h.perSecond)
		h.filled = now
		if refused = h.tokens < 1; refused {
			h.refuse++
		} else {
			h.tokens--
		}
	}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.inFlight--
		h.mu.Unlock()
	}()
	if err := sleep(ctx, h.latency); err != nil {
		return nil, err
	}
	if refused {
		return nil, &StatusError{Code: 429, RetryAfter: time.Second}
	}
	if h.answer != nil {
		if err := h.answer(n, c); err != nil {
			if errors.Is(err, errNever) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, err
		}
	}
	h.mu.Lock()
	h.ok++
	h.mu.Unlock()
	return []byte("body"), nil
}

var errNever = errors.New("never answered")

// guest is the stack of a client round h, and what counts its requests.
func guest(h *host, t *throttle) (Source, *counters) {
	count := &counters{}
	sending := sourceFunc(func(ctx context.Context, c tiles.Chunk) ([]byte, error) {
		count.requests.Add(1)
		attempt, cancel := context.WithTimeout(ctx, t.flow.timeout)
		defer cancel()
		body, err := h.Fetch(attempt, c)
		if err != nil && ctx.Err() == nil && attempt.Err() != nil {
			err = ErrTimeout
		}
		return body, err
	})
	return &retrying{
		next: &attempting{
			next: sending, host: t, gate: newGate(MaxConcurrency), maxRetryAfter: 2 * time.Minute, sent: &count.requests, hedged: &count.hedges,
		},
		retries: 6, backoff: 250 * time.Millisecond, maxRetryAfter: 2 * time.Minute, wait: sleep, retried: &count.retries,
		host: t, budget: newBudget(t),
	}, count
}

type sourceFunc func(context.Context, tiles.Chunk) ([]byte, error)

func (f sourceFunc) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) { return f(ctx, c) }

// fetchAll asks for n chunks, many at once, and returns how many failed.
func fetchAll(ctx context.Context, s Source, n int) (failed int) {
	list := make([]tiles.Chunk, n)
	for i := range list {
		list[i].X = uint32(i + 1)
	}
	return fetchList(ctx, s, list)
}

func fetchList(ctx context.Context, s Source, list []tiles.Chunk) (failed int) {
	var next, bad atomic.Int64
	var all sync.WaitGroup
	for range MaxConcurrency {
		all.Go(func() {
			for i := next.Add(1); i <= int64(len(list)); i = next.Add(1) {
				if _, err := s.Fetch(ctx, list[i-1]); err != nil {
					bad.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(bad.Load())
}

// A host that answers 429 above 400 requests a second: nine tenths of that are used, and hardly an
// answer is 429.
func TestThrottleFindsTheRate(t *testing.T) {
	for _, latency := range []time.Duration{time.Millisecond, 40 * time.Millisecond, 300 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			if testing.Short() && latency != 40*time.Millisecond {
				t.Skip("44,000 requests once more: for the full suite")
			}
			synctest.Test(t, func(t *testing.T) {
				h := &host{latency: latency, perSecond: 400}
				s, count := guest(h, newThrottle(MaxConcurrency, 0, 20*time.Second, time.Minute))
				fetchAll(t.Context(), s, 4000) // the first ten seconds
				start, ok, refused, retries := time.Now(), h.ok, h.refuse, count.retries.Load()
				if failed := fetchAll(t.Context(), s, 40_000); failed > 0 {
					t.Errorf("%d chunks failed", failed)
				}
				ok, refused = h.ok-ok, h.refuse-refused
				rate := float64(ok) / time.Since(start).Seconds()
				share := float64(refused) / float64(ok+refused)
				again := count.retries.Load() - retries - refused
				t.Logf("%.0f a second, %.2f %% answered 429, %d more asked again", rate, 100*share, again)
				if rate < 360 || share > 0.02 || again > ok/100 {
					t.Errorf("%.0f a second, %.2f %% answered 429, %d more asked again", rate, 100*share, again)
				}
			})
		})
	}
}

func TestThrottleGrowsAndShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{latency: 40 * time.Millisecond}
		th := newThrottle(100, 0, 20*time.Second, time.Minute)
		s, _ := guest(h, th)
		fetchAll(t.Context(), s, 2000)
		if h.most != 100 || th.flow.width() != 100 {
			t.Errorf("%d at once, limit %d, want the ceiling of 100", h.most, th.flow.width())
		}
		h.answer = func(n int64, _ tiles.Chunk) error {
			if n%10 == 0 {
				return &StatusError{Code: 503}
			}
			return nil
		}
		fetchAll(t.Context(), s, 2000)
		if w := th.flow.width(); w > 30 {
			t.Errorf("limit %d though a tenth of the answers is 503", w)
		}
		h.answer = nil
		fetchAll(t.Context(), s, 10_000)
		if w := th.flow.width(); w != 100 {
			t.Errorf("limit %d, want 100 again", w)
		}
	})
}

// What is waited for on a slow line is the line, not more requests: the limit stays where latency
// is a multiple of the least.
func TestThrottleLeavesALongQueueAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var line sync.Mutex
		var free time.Time
		h := &host{latency: 30 * time.Millisecond}
		h.answer = func(int64, tiles.Chunk) error { // 15 KB at 20 Mbit/s
			line.Lock()
			now := time.Now()
			if free.Before(now) {
				free = now
			}
			free = free.Add(6 * time.Millisecond)
			wait := free.Sub(now)
			line.Unlock()
			time.Sleep(wait)
			return nil
		}
		th := newThrottle(MaxConcurrency, 0, 4*time.Second, time.Minute)
		s, count := guest(h, th)
		start := time.Now()
		failed := fetchAll(t.Context(), s, 10_000)
		used := 10_000 * 6 * time.Millisecond.Seconds() / time.Since(start).Seconds()
		t.Logf("%.1f %% of the line used, %d requests for 10,000 chunks, limit %d, median %v", 100*used, h.sent, th.flow.width(), th.flow.median())
		if failed > 0 || count.retries.Load() > 0 || used < 0.95 || th.flow.median() > time.Second {
			t.Errorf("%d failed, %d retries, %.1f %% of the line used, median latency %v", failed, count.retries.Load(), 100*used, th.flow.median())
		}
	})
}

func TestRateCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := guest(&host{}, newThrottle(MaxConcurrency, 10, 20*time.Second, time.Minute))
		start := time.Now()
		fetchAll(t.Context(), s, 51)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("51 requests at 10 a second took %v", took)
		}
	})
}

// Retry-After of a host that turns everybody away holds everybody back; of one answer among many it
// holds back that chunk only.
func TestRetryAfterHoldsTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var early atomic.Int64
		h := &host{latency: 10 * time.Millisecond}
		h.answer = func(int64, tiles.Chunk) error {
			switch since := time.Since(start); {
			case since < 100*time.Millisecond:
				return &StatusError{Code: 429, RetryAfter: 30 * time.Second}
			case since < 30*time.Second:
				early.Add(1)
			}
			return nil
		}
		s, _ := guest(h, newThrottle(MaxConcurrency, 0, 20*time.Second, time.Minute))
		if failed := fetchAll(t.Context(), s, 500); failed > 0 || early.Load() > 0 {
			t.Errorf("%d failed, %d asked too early", failed, early.Load())
		}

		begin := time.Now()
		h.answer = func(n int64, c tiles.Chunk) error {
			if c.X == 3000 && time.Since(begin) < time.Minute {
				return &StatusError{Code: 503, RetryAfter: time.Minute}
			}
			return nil
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			fetchAll(t.Context(), s, 2999)
		}()
		_, err := s.Fetch(t.Context(), tiles.Chunk{X: 3000})
		<-done
		if err != nil || th(s).heldTill.After(begin) {
			t.Errorf("%v; one 503 among thousands held the host", err)
		}
	})
}

func th(s Source) *throttle { return s.(*retrying).host }

// A server that is dead for three minutes: everybody waits, it is said once, and every chunk comes
// in the end.
func TestOutageIsWaitedOut(t *testing.T) {
	for name, failure := range map[string]error{
		"refused": fmt.Errorf("%w: connection refused", ErrNetwork), "503": &StatusError{Code: 503}, "silence": errNever,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				h := &host{latency: 10 * time.Millisecond}
				h.answer = func(int64, tiles.Chunk) error {
					if since := time.Since(start); since > time.Second && since < 3*time.Minute {
						return failure
					}
					return nil
				}
				throttle := newThrottle(32, 0, 20*time.Second, 10*time.Minute)
				var told []string
				throttle.notify = func(down bool, _ error, lasted time.Duration) {
					told = append(told, fmt.Sprintf("down %v, %v", down, lasted.Round(time.Minute)))
				}
				s, _ := guest(h, throttle)
				failed := fetchAll(t.Context(), s, 10_000)
				if failed > 0 || len(told) != 2 || told[0] != "down true, 0s" || told[1] != "down false, 3m0s" {
					t.Errorf("%d failed, told %q", failed, told)
				}
				if asked := h.sent - 10_000; asked > 1000 {
					t.Errorf("%d requests in vain", asked)
				}
			})
		})
	}
}

// Dead for good: after the patience everything fails, at once from then on, and what comes later
// tries now and then.
func TestOutageForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alive := true
		h := &host{latency: 10 * time.Millisecond}
		h.answer = func(int64, tiles.Chunk) error {
			if !alive {
				return fmt.Errorf("%w: connection refused", ErrNetwork)
			}
			return nil
		}
		s, _ := guest(h, newThrottle(32, 0, 20*time.Second, 5*time.Minute))
		if fetchAll(t.Context(), s, 100) > 0 {
			t.Fatal("the host is well")
		}
		alive = false
		start := time.Now()
		failed := fetchAll(t.Context(), s, 5000)
		if took := time.Since(start); failed != 5000 || took < 5*time.Minute || took > 6*time.Minute {
			t.Errorf("%d of 5000 failed after %v, want all after some 5 minutes", failed, took)
		}
		if _, err := s.Fetch(t.Context(), tiles.Chunk{}); !errors.Is(err, ErrDown) {
			t.Errorf("%v, want ErrDown", err)
		}
		alive = true
		time.Sleep(longestProbe)
		if _, err := s.Fetch(t.Context(), tiles.Chunk{}); err != nil {
			t.Errorf("after it came back: %v", err)
		}
	})
}

// A host that never answered gets half a minute, and nothing at all where nobody waits.
func TestOutageOfAStranger(t *testing.T) {
	for patience, most := range map[time.Duration]time.Duration{time.Hour: strangerPatience + longestProbe, -1: 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			h := &host{answer: func(int64, tiles.Chunk) error { return ErrNetwork }}
			s, _ := guest(h, newThrottle(32, 0, 20*time.Second, patience))
			start := time.Now()
			if failed := fetchAll(t.Context(), s, 3000); failed != 3000 || time.Since(start) > most {
				t.Errorf("patience %v: %d of 3000 failed after %v", patience, failed, time.Since(start))
			}
		})
	}
}

// One request in 1,000 is never answered: it is asked for again beside, and costs nothing.
func TestHedging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{latency: 40 * time.Millisecond}
		s, count := guest(h, newThrottle(64, 0, 20*time.Second, time.Minute))
		const chunks = 20_000
		start := time.Now()
		fetchAll(t.Context(), s, chunks)
		without := time.Since(start)
		if count.hedges.Load() != 0 {
			t.Errorf("%d second requests though all were equally fast", count.hedges.Load())
		}
		h.answer = func(n int64, _ tiles.Chunk) error {
			if n%1000 == 0 {
				return errNever
			}
			return nil
		}
		start = time.Now()
		failed := fetchAll(t.Context(), s, chunks)
		with := time.Since(start)
		t.Logf("%v without, %v with, %d second requests", without, with, count.hedges.Load())
		if failed > 0 || with > without*105/100 || count.hedges.Load() > 2*chunks/100 {
			t.Errorf("%d failed; %v, without %v; %d second requests", failed, with, without, count.hedges.Load())
		}
		if th(s).inFlight != 0 {
			t.Errorf("%d still count as in flight", th(s).inFlight)
		}
	})
}

func TestCancelledInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := newThrottle(1, 0, 20*time.Second, time.Minute)
		mine, err := throttle.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := throttle.enter(ctx); !errors.Is(err, context.DeadlineExceeded) || len(throttle.queue) != 0 {
			t.Errorf("%v, %d in the queue", err, len(throttle.queue))
		}
		throttle.leave(mine, tiles.Chunk{}, time.Now(), nil, false, 0)
		if throttle.inFlight != 0 {
			t.Errorf("%d in flight", throttle.inFlight)
		}
	})
}

// Retries beyond a tenth are paced, and every one is made.
func TestRetryBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &budget{host: &taking{perSecond: 400}, earned: budgetReserve}
		start := time.Now()
		var all sync.WaitGroup
		for range budgetReserve + 100 {
			all.Go(func() {
				if err := b.spend(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start).Round(time.Millisecond); took != 2500*time.Millisecond {
			t.Errorf("100 retries beyond the reserve, at a tenth of 400 a second, took %v", took)
		}
	})
}

// A host that goes down ends the pacing of retries: they are not what it suffers from, and when it
// is back the queue at the door paces them.
func TestRetryBudgetOfAHostThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &taking{}
		b := &budget{host: host, earned: budgetReserve}
		start := time.Now()
		time.AfterFunc(time.Second, func() { host.dead.Store(true) })
		var all sync.WaitGroup
		for range budgetReserve + 1000 {
			all.Go(func() { _ = b.spend(t.Context()) })
		}
		all.Wait()
		if took := time.Since(start); took > time.Second+budgetLook {
			t.Errorf("retries waited %v for their turn with a host that went down after a second", took)
		}
	})
}

type taking struct {
	perSecond float64
	dead      atomic.Bool
}

func (h *taking) accepted() float64 { return h.perSecond }
func (h *taking) down() bool        { return h.dead.Load() }
