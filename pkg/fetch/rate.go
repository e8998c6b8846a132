package fetch

import (
	"math"
	"time"
)

// rate is how many requests a second a host gets: unlimited until it answers 429; then what it was
// seen to accept, a little less at first and slowly more again. Limiting concurrency is not enough:
// a near server answers a hundred a second on a single connection.
type rate struct {
	ceiling float64 // set by the provider or the user; 0: none

	learnt  float64 // current limit since cutAt; 0: none yet
	sure    bool    // learnt under a limit, not during a stampede
	cutAt   time.Time
	refused float64 // share of the latest answers that were 429

	slots [11]counts // of the latest second, in tenths, and the current tenth
	slot  int64      // index of the current one
	since time.Time  // start of counting
}

type counts struct{ sent, ok, refused float64 }

const (
	refusedMemory = 256
	refusedShare  = 0.012 // fewer are chance, or the price of finding the limit
	manyRefused   = 4     // recently: more than one chunk's bad luck
	acceptedShare = 0.95  // share of what a host accepts that it then gets
	calm          = 3 * time.Second
	careful       = 15 * time.Second
	guess         = time.Second // how long a limit learnt during a stampede is valid
	leastRate     = 0.5
	cutPause      = 500 * time.Millisecond // a cut must show its effect before the next
)

func (r *rate) at(now time.Time) *counts {
	tenth := now.UnixMilli() / 100
	if r.since.IsZero() {
		r.since = now
	}
	if tenth-r.slot > int64(len(r.slots)) {
		r.slot = tenth - int64(len(r.slots))
	}
	for r.slot < tenth {
		r.slot++
		r.slots[r.slot%int64(len(r.slots))] = counts{}
	}
	return &r.slots[tenth%int64(len(r.slots))]
}

func (r *rate) sent(now time.Time) { r.at(now).sent++ }

func (r *rate) answered(now time.Time, tooMany bool) {
	x := 0.0
	if tooMany {
		x = 1
		r.at(now).refused++
	} else {
		r.at(now).ok++
	}
	r.refused += (x - r.refused) / refusedMemory
}

// second returns the counts of the latest second, scaled to a second if less is known.
func (r *rate) second(now time.Time) counts {
	current := r.at(now)
	var sum counts
	for _, c := range r.slots {
		sum.sent, sum.ok, sum.refused = sum.sent+c.sent, sum.ok+c.ok, sum.refused+c.refused
	}
	if known := now.Sub(r.since); known < 1100*time.Millisecond {
		span := max(known, time.Second/4).Seconds()
		return counts{sum.sent / span, sum.ok / span, sum.refused / span}
	}
	return counts{sum.sent - current.sent, sum.ok - current.ok, sum.refused - current.refused}
}

func (r *rate) accepted(now time.Time) float64 { return r.second(now).ok }

// mostRefused reports whether the host refuses most requests, not only a few.
func (r *rate) mostRefused(now time.Time) bool {
	r.at(now)
	var ok, refused float64
	for _, c := range r.slots {
		ok, refused = ok+c.ok, refused+c.refused
	}
	return refused >= manyRefused && refused*4 > ok
}

// excessive reports whether the 429 for a request sent at started is one too many, and then lowers
// the rate.
func (r *rate) excessive(now, started time.Time) bool {
	if r.refused < refusedShare || started.Before(r.cutAt) || now.Sub(r.cutAt) < cutPause {
		return false
	}
	s := r.second(now)
	// While nearly all are refused, the accepted rate says little: lower it in steps.
	r.learnt = max(acceptedShare*s.ok, 0.3*s.sent, leastRate)
	r.sure = !r.cutAt.IsZero()
	r.cutAt, r.refused = now, 0
	return true
}

// mistaken is called if a rate was learnt from chunks that are answered 429 however rarely the host
// is asked: the rate is a guess again.
func (r *rate) mistaken(now time.Time) { r.sure, r.cutAt = false, now }

// interval returns the time between two requests, 0: no limit.
func (r *rate) interval(now time.Time) time.Duration {
	perSecond := math.Inf(1)
	quiet := now.Sub(r.cutAt)
	switch {
	case r.learnt == 0:
	case r.sure:
		perSecond = r.learnt *
			math.Pow(1.01, (min(max(quiet, calm), careful)-calm).Seconds()) *
			math.Pow(1.05, (max(quiet, careful)-careful).Seconds())
	default:
		perSecond = r.learnt * math.Pow(1.15, (max(quiet, guess)-guess).Seconds())
	}
	if r.ceiling > 0 {
		perSecond = min(perSecond, r.ceiling)
	}
	if perSecond > 1e5 {
		return 0
	}
	return time.Duration(float64(time.Second) / perSecond)
}
