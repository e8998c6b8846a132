package fetch

import (
	"errors"
	"fmt"
	"time"
)

// ErrDown: the host has not answered for longer than ClientOptions.Patience, and is asked only now and then.
var ErrDown = errors.New("the host does not answer")

// outage notices that a host has stopped answering: one failure after another, nothing else between. Then one request at a time tries whether it is
// back, and the rest wait; longer than patience they do not.
type outage struct {
	patience time.Duration // negative: nobody waits

	ever     bool      // it has answered before
	failures int       // in a row
	last     time.Time // when it last answered
	down     bool
	since    time.Time // when the failures began
	cause    error
	probing  bool // one is under way
	probes   int
	probed   time.Time
}

const (
	// failuresToDown in a row cannot be chance, and take at least downAfter.
	failuresToDown = 20
	downAfter      = 2 * time.Second
	longestProbe   = 5 * time.Second
	// strangerPatience is for a host that has never answered: more likely a wrong address, or no line at all.
	strangerPatience = 30 * time.Second
)

// outcome counts how an attempt that was sent at started ended.
func (o *outage) outcome(now, started time.Time, failed bool, err error) {
	if !failed {
		o.ever, o.failures, o.last, o.down, o.probes, o.probing = true, 0, now, false, 0, false
		return
	}
	if o.failures == 0 {
		o.since = started
	}
	o.failures++
	o.cause = err
	switch {
	case o.down && !started.Before(o.probed): // the probe, not a straggler from before
		o.probing, o.probed = false, now
		o.probes++
	case !o.down && o.failures >= failuresToDown && now.Sub(o.since) >= downAfter:
		o.down, o.probed, o.probes = true, now, 0
	}
}

// abandoned is for an attempt, sent at started, that was broken off.
func (o *outage) abandoned(started time.Time) {
	if o.down && !started.Before(o.probed) {
		o.probing = false
	}
}

func (o *outage) nextProbe() time.Time {
	return o.probed.Add(min(time.Second<<min(o.probes, 10), longestProbe))
}

// hopeless says that nobody is to wait any longer. The next probe is nevertheless made by who comes then.
func (o *outage) hopeless(now time.Time) bool {
	if !o.down || !o.nextProbe().After(now) && !o.probing {
		return false
	}
	patience := o.patience
	if !o.ever {
		patience = min(patience, strangerPatience)
	}
	return now.Sub(o.since) > patience
}

func (o *outage) refusal() error {
	return fmt.Errorf("%w: not asked after %d failures in a row, the last: %w", ErrDown, o.failures, o.cause)
}
