package fetch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// attempting makes one attempt within the limits of its host and of the process. A slow attempt,
// which takes several times as long as others do, gets a second one beside it, and the earlier
// answer counts: one request in thousands is never answered.
type attempting struct {
	next          Source
	host          *throttle
	gate          *gate                                          // of the process
	allow         func(context.Context) error                    // whether one more request may be made; nil: always
	pace          func(context.Context) (done func(), err error) // waits for a shared limit; nil: none
	maxRetryAfter time.Duration
	sent, hedged  *atomic.Int64
}

const (
	stragglerAfter = 4 // multiple of the running median
	leastStraggler = 50 * time.Millisecond
	hedgeOneIn     = 100 // of the requests sent
)

func (s *attempting) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	leave, err := s.enter(ctx, c)
	if err != nil {
		return nil, err
	}
	median := s.host.latency()
	if median == 0 {
		started := time.Now()
		body, err := s.next.Fetch(ctx, c)
		leave(started, err, ctx.Err() != nil)
		return body, err
	}
	return s.race(ctx, c, leave, max(stragglerAfter*median, leastStraggler))
}

// enter waits for a turn to request c, and returns a function that ends it. If it is a turn for a
// probe, it makes the probe first.
func (s *attempting) enter(ctx context.Context,
	c tiles.Chunk) (leave func(started time.Time, err error, abandoned bool), err error) {
	for {
		if s.allow != nil {
			if err := s.allow(ctx); err != nil {
				return nil, err
			}
		}
		mine, err := s.host.enter(ctx)
		if err != nil {
			return nil, err
		}
		asking := c
		if mine.instead != nil {
			asking = *mine.instead
		}
		done := func() {}
		if s.pace != nil {
			if done, err = s.pace(ctx); err != nil {
				s.host.leave(mine, asking, time.Now(), err, true, 0)
				return nil, err
			}
		}
		leave := func(started time.Time, err error, abandoned bool) {
			done()
			s.gate.leave()
			s.host.leave(mine, asking, started, err, abandoned, s.maxRetryAfter)
		}
		if err := s.gate.enter(ctx); err != nil {
			done()
			s.host.leave(mine, asking, time.Now(), err, true, 0)
			return nil, err
		}
		if mine.instead == nil {
			return leave, nil
		}
		started := time.Now()
		_, err = s.next.Fetch(ctx, asking)
		leave(started, err, ctx.Err() != nil)
	}
}

// second is the second attempt.
type second struct {
	mu    sync.Mutex
	over  bool          // the first has ended: too late to start
	done  chan struct{} // nil until started; closed when body and err are set
	body  []byte
	err   error
	timer *time.Timer
}

// race makes the first attempt in the calling goroutine, and a second one if it is still in
// progress after patience. Both have ended when it returns.
func (s *attempting) race(ctx context.Context, c tiles.Chunk, leave func(time.Time, error, bool),
	patience time.Duration) ([]byte, error) {
	firstCtx, endFirst := context.WithCancel(ctx)
	defer endFirst()
	secondCtx, endSecond := context.WithCancel(ctx)
	defer endSecond()

	other := &second{}
	other.mu.Lock()
	other.timer = time.AfterFunc(patience,
		func() { s.secondAttempt(secondCtx, c, other, patience, endFirst) })
	other.mu.Unlock()

	started := time.Now()
	body, err := s.next.Fetch(firstCtx, c)
	leave(started, err, firstCtx.Err() != nil)

	other.mu.Lock()
	other.over = true
	other.timer.Stop()
	done := other.done
	other.mu.Unlock()
	if done == nil {
		return body, err
	}
	if settles(err) {
		endSecond()
	}
	<-done
	if !settles(err) && settles(other.err) && ctx.Err() == nil {
		return other.body, other.err
	}
	if ctx.Err() != nil && err != nil {
		err = ctx.Err()
	}
	return body, err
}

// secondAttempt starts when the first is late, or checks again later if there are too many second
// attempts already.
func (s *attempting) secondAttempt(ctx context.Context, c tiles.Chunk, other *second,
	patience time.Duration, endFirst func()) {
	other.mu.Lock()
	if other.over {
		other.mu.Unlock()
		return
	}
	if !s.afford() {
		other.timer.Reset(patience)
		other.mu.Unlock()
		return
	}
	other.done = make(chan struct{})
	other.mu.Unlock()

	defer close(other.done)
	leave, err := s.enter(ctx, c)
	if err != nil {
		other.err = err
		return
	}
	started := time.Now()
	other.body, other.err = s.next.Fetch(ctx, c)
	leave(started, other.err, ctx.Err() != nil)
	if settles(other.err) {
		endFirst()
	}
}

// settles reports whether this answer is final.
func settles(err error) bool { return err == nil || errors.Is(err, ErrNoImagery) }

// afford takes one from the share of requests that may be second attempts.
func (s *attempting) afford() bool {
	for {
		n := s.hedged.Load()
		if (n+1)*hedgeOneIn > s.sent.Load() {
			return false
		}
		if s.hedged.CompareAndSwap(n, n+1) {
			return true
		}
	}
}
