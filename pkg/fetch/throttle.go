package fetch

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// throttle decides when requests go to one host. Its knowledge is in flow (how many at once), rate
// (how many a second), outage (whether it answers at all) and blame (whether failures are its own
// or the chunks'); this file is the queue in front. It is first come, first served.
type throttle struct {
	notify func(down bool, cause error, lasted time.Duration) // may be nil; called without the lock

	mu       sync.Mutex
	flow     flow
	rate     rate
	outage   outage
	blame    blame
	told     bool      // that it is down was reported
	heldTill time.Time // Retry-After: no request before
	next     time.Time // pacing: time of the next request
	inFlight int
	queue    []*turn
	alarm    *time.Timer // wakes those that only wait for time
}

type turn struct {
	come    chan struct{} // closed when the turn has come, or when err is set
	err     error
	probing bool         // it must find out whether the host answers
	instead *tiles.Chunk // chunk to request then; nil: its own
}

// lateness is how much of its own delay the pacing makes up for: timers are late on busy machines.
const lateness = 100 * time.Millisecond

func newThrottle(ceiling int, perSecond float64, timeout, patience time.Duration) *throttle {
	return &throttle{
		flow:   newFlow(ceiling, timeout),
		rate:   rate{ceiling: perSecond},
		outage: outage{patience: patience},
		blame:  newBlame(),
	}
}

// lower keeps t within the ceilings of one more provider of its host; 0 per second: none.
func (t *throttle) lower(ceiling int, perSecond float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flow.ceiling = min(t.flow.ceiling, float64(ceiling))
	t.flow.limit = min(t.flow.limit, t.flow.ceiling)
	if perSecond > 0 && (t.rate.ceiling <= 0 || perSecond < t.rate.ceiling) {
		t.rate.ceiling = perSecond
	}
}

// enter waits for a turn. After nil the caller must leave. The error is ErrDown if the host has not
// answered for longer than patience, or ctx's.
func (t *throttle) enter(ctx context.Context) (*turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mine := &turn{come: make(chan struct{})}
	t.mu.Lock()
	t.queue = append(t.queue, mine)
	t.admit()
	t.mu.Unlock()

	select {
	case <-mine.come:
		return mine, mine.err
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.queue, mine); i >= 0 {
		t.queue = slices.Delete(t.queue, i, i+1)
	} else if mine.err == nil { // the turn came in the meantime: pass it on
		t.give(mine)
		t.admit()
	}
	return nil, ctx.Err()
}

// give returns a turn. The lock is held.
func (t *throttle) give(mine *turn) {
	t.inFlight--
	if mine.probing {
		t.outage.probing = false
	}
}

// leave ends a turn in which c was requested. started is when the request was sent, err its result;
// abandoned means that we cancelled it, which says nothing about the host.
func (t *throttle) leave(mine *turn, c tiles.Chunk, started time.Time, err error, abandoned bool,
	maxRetryAfter time.Duration) {
	now := time.Now()
	var tell func()
	t.mu.Lock()
	t.give(mine)
	if !abandoned {
		tell = t.learn(mine.probing, c, now, started, err, maxRetryAfter)
	}
	t.admit()
	t.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// learn draws conclusions from one answer. It returns what must be reported without the lock.
func (t *throttle) learn(probe bool, c tiles.Chunk, now, started time.Time, err error,
	maxRetryAfter time.Duration) func() {
	status, _ := errors.AsType[*StatusError](err)
	own := t.blame.chunks()
	tooMany := status != nil && status.Code == http.StatusTooManyRequests && !own
	t.rate.answered(now, tooMany)

	switch kind := judge(err); {
	case tooMany:
		if t.rate.excessive(now, started) {
			t.flow.cut(now, started, t.rate.learnt)
			if t.rate.sure {
				t.outage.want() // find out whether it answers like this to every request
			}
		}
	case kind == strained:
		t.strain(now, started, err, own, probe)
	case kind == answered:
		t.flow.answered(now, now.Sub(started), t.inFlight+1)
	}
	// If one request in many is told to wait, it waits by itself; if many are, the host is
	// overloaded.
	if status != nil && status.RetryAfter > 0 &&
		(tooMany || status.Code == http.StatusServiceUnavailable) && t.rate.mostRefused(now) {
		if till := now.Add(min(status.RetryAfter, maxRetryAfter)); till.After(t.heldTill) {
			t.heldTill = till
		}
	}
	wasDown, since := t.outage.down, t.outage.since
	if probe && settles(err) && !wasDown {
		t.blame.probed()
		t.flow.strained = 0
	}
	t.outage.outcome(now, started, c, err, probe)
	if wasDown && !t.outage.down {
		t.flow.restart(now)
	}
	switch {
	case t.notify == nil:
	case !t.outage.down && t.told:
		t.told = false
		return func() { t.notify(false, nil, now.Sub(since)) }
	case t.outage.down && !t.told && !t.outage.final(): // a refusing host is not waited for
		t.told = true
		cause := t.outage.cause
		return func() { t.notify(true, cause, 0) }
	}
	return nil
}

// strain counts a 503 or a time-out. Before time-outs alone lower the limit, a known good chunk is
// requested: if it succeeds at once, the time-outs are due to the others.
func (t *throttle) strain(now, started time.Time, err error, own, probe bool) {
	switch {
	case !t.flow.strain() || own:
	case errors.Is(err, ErrTimeout) && !probe && t.outage.known():
		t.outage.want()
	default:
		t.flow.cut(now, started, 0)
	}
}

// verdict is what an attempt says about its host.
type verdict uint8

const (
	answered verdict = iota // it works, whatever the answer
	strained                // overloaded: 503, time-outs
	failing                 // 500, connection errors
)

func judge(err error) verdict {
	if status, ok := errors.AsType[*StatusError](err); ok {
		switch {
		case status.Code == http.StatusServiceUnavailable, status.Code == http.StatusRequestTimeout:
			return strained
		case status.Code >= 500:
			return failing
		}
		return answered
	}
	switch {
	case errors.Is(err, ErrTimeout):
		return strained
	case errors.Is(err, ErrNetwork):
		return failing
	}
	return answered
}

// admit admits the requests that may go now, and sets the alarm for the rest. The lock is held.
func (t *throttle) admit() {
	now := time.Now()
	for len(t.queue) > 0 {
		if t.outage.hopeless(now) {
			t.refuseAll()
			return
		}
		at, free := t.earliest(now)
		if at.After(now) {
			t.wake(at.Sub(now))
			return
		}
		if !free {
			return // leave calls admit again
		}
		t.inFlight++
		mine := t.queue[0]
		mine.instead, mine.probing = t.outage.probe()
		t.rate.sent(now)
		if interval := t.rate.interval(now); interval > 0 {
			if t.next.Before(now.Add(-lateness)) {
				t.next = now
			}
			t.next = t.next.Add(interval)
		}
		close(mine.come)
		t.queue = slices.Delete(t.queue, 0, 1)
	}
}

// earliest returns when the next request may go as far as time is concerned, and whether there is
// room for it.
func (t *throttle) earliest(now time.Time) (at time.Time, free bool) {
	at = now
	if t.heldTill.After(at) {
		at = t.heldTill
	}
	if t.outage.closed {
		if probe := t.outage.nextProbe(); probe.After(at) {
			at = probe
		}
		return at, !t.outage.probing
	}
	if t.rate.interval(now) > 0 && t.next.After(at) {
		at = t.next
	}
	most := t.flow.width()
	if t.outage.wanted { // it need not wait for the time-outs of others
		most = int(t.flow.ceiling)
	}
	return at, t.inFlight < most
}

func (t *throttle) refuseAll() {
	for _, waiting := range t.queue {
		waiting.err = t.outage.refusal()
		close(waiting.come)
	}
	t.queue = nil
}

func (t *throttle) wake(after time.Duration) {
	if t.alarm != nil {
		t.alarm.Stop()
	}
	t.alarm = time.AfterFunc(after, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.admit()
	})
}

// down reports whether the host has stopped answering.
func (t *throttle) down() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.outage.down
}

// answeredSince reports whether the host has answered anything since then.
func (t *throttle) answeredSince(then time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.outage.last.After(then)
}

// doubt closes the door until it is known whether the host answers. It returns false if nothing can
// be found out.
func (t *throttle) doubt() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.outage.closed && !t.outage.known() {
		return false
	}
	t.outage.close(time.Now())
	t.admit()
	return true
}

// asked counts the outcome of the attempt-th try of a chunk, from 0.
func (t *throttle) asked(attempt int, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.blame.chunks()
	t.blame.asked(attempt, failed)
	if !own && t.blame.chunks() {
		t.rate.mistaken(time.Now())
	}
}

// futile reports that retries have not helped recently, though the host works. It also sends a
// probe to check that it still does.
func (t *throttle) futile() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.blame.chunks() {
		return false
	}
	t.outage.want()
	t.admit()
	return true
}

// check sends a probe, to find out whether the host still answers.
func (t *throttle) check() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outage.want()
	t.admit()
}

// candidate sets chunks that can show whether the host answers at all, most likely ones first.
func (t *throttle) candidate(chunks []tiles.Chunk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outage.candidates = append(t.outage.candidates,
		chunks[:min(len(chunks), knownGood-len(t.outage.candidates))]...)
}

// latency returns the running median of the host's response times, 0 while there are too few.
func (t *throttle) latency() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.flow.median()
}

// accepted returns how many requests a second the host accepts at the moment.
func (t *throttle) accepted() float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rate.accepted(time.Now())
}
