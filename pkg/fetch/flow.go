package fetch

import (
	"slices"
	"time"
)

// flow is how many requests a host gets at once: additive increase, multiplicative decrease. It
// starts low, doubles every round trip until there is a sign against it, and then grows by one a
// round trip.
type flow struct {
	limit    float64
	ceiling  float64
	timeout  time.Duration // of an attempt
	slow     bool          // the doubling is over
	cutAt    time.Time     // requests sent before say nothing about the current limit
	strained float64       // share of the latest answers that were 503 or time-outs
	delays   delays
}

const (
	flowStart = 16
	// Fewer strained answers are chance: one server in a farm, one request in a thousand that is
	// never answered.
	strainedShare  = 0.03
	strainedMemory = 128
	cutBy          = 0.7
	// Beyond this multiple of the least latency, more requests at once only lengthen the queue.
	payingLatency = 8
	leastLatency  = 25 * time.Millisecond
)

func newFlow(ceiling int, timeout time.Duration) flow {
	return flow{limit: min(flowStart, float64(ceiling)), ceiling: float64(ceiling),
		timeout: timeout}
}

func (f *flow) width() int { return max(1, int(f.limit)) }

func (f *flow) median() time.Duration { return f.delays.median }

// answered counts a good answer with inFlight requests in flight.
func (f *flow) answered(now time.Time, took time.Duration, inFlight int) {
	f.strained -= f.strained / strainedMemory
	if f.delays.add(now, took) && f.delays.median > f.timeout/4 {
		f.cut(now, now.Add(-took), 0) // soon the deadline would be reached
		return
	}
	if float64(inFlight) < 0.8*f.limit ||
		f.delays.median > payingLatency*max(f.delays.least(), leastLatency) {
		return // the limit is not the bottleneck; or more does not pay
	}
	if f.slow {
		f.limit += 1 / f.limit
	} else {
		f.limit++
	}
	f.limit = min(f.limit, f.ceiling)
}

// strain counts a 503 or a time-out, and reports whether there were too many.
func (f *flow) strain() bool {
	f.strained += (1 - f.strained) / strainedMemory
	return f.strained > strainedShare
}

// cut lowers the limit, once for all requests that were in flight together, but not so far that
// perSecond requests could not be sustained.
func (f *flow) cut(now, started time.Time, perSecond float64) {
	if started.Before(f.cutAt) {
		return
	}
	enough := min(f.limit, 1.5*perSecond*f.delays.median.Seconds())
	f.slow, f.cutAt, f.strained, f.delays.n = true, now, 0, 0
	f.limit = max(1, f.limit*cutBy, enough)
}

// restart resets the limit for a host that is back.
func (f *flow) restart(now time.Time) {
	f.limit = min(f.limit, flowStart/2)
	f.slow, f.cutAt, f.strained = false, now, 0
}

// delays is the running median of latencies, and the least recent median.
type delays struct {
	ring   [128]time.Duration
	n      int
	median time.Duration

	best, bestBefore time.Duration // of this window and the previous one
	window           time.Time     // start of this window
}

const delayWindow = 30 * time.Second

// add reports whether the median is new.
func (d *delays) add(now time.Time, took time.Duration) bool {
	d.ring[d.n%len(d.ring)] = took
	d.n++
	if d.n%16 != 0 {
		return false
	}
	var sorted [len(d.ring)]time.Duration
	known := sorted[:copy(sorted[:], d.ring[:min(d.n, len(d.ring))])]
	slices.Sort(known)
	d.median = known[len(known)/2]
	if now.Sub(d.window) > delayWindow {
		d.bestBefore, d.best, d.window = d.best, 0, now
	}
	if d.best == 0 || d.median < d.best {
		d.best = d.median
	}
	return true
}

func (d *delays) least() time.Duration {
	if d.bestBefore != 0 && d.bestBefore < d.best {
		return d.bestBefore
	}
	return d.best
}
