package fetch

import (
	"errors"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrDown means that the host has not answered for longer than ClientOptions.Patience, or refuses
// everything, and is tried only now and then. The error wraps the latest failure.
var ErrDown = errors.New("the host has stopped answering")

// downError is an ErrDown in words.
type downError struct{ cause error }

func (e *downError) Error() string {
	return "the host " + Explain(e.cause) + " for every request"
}

func (e *downError) Unwrap() []error { return []error{ErrDown, e.cause} }

// outage tells a host that has stopped answering from chunks that it never answers. If one chunk
// after another has failed with no success in between, the door is closed: one request at a time
// goes, for a chunk that the host has answered before, and the rest wait. If that succeeds, the
// chunks are to blame. If not, the host is down, and all wait until it is back, at most for
// patience.
type outage struct {
	patience time.Duration // negative: no waiting

	good       []tiles.Chunk // some answered chunks, used as probes
	candidates []tiles.Chunk // used as probes as long as none has been answered
	turn       int           // index of the next probe

	answers int                  // total answers
	last    time.Time            // time of the last one
	row     map[tiles.Chunk]bool // chunks that have failed since, up to failuresToDown
	since   time.Time            // start of the failures
	cause   error

	closed  bool // only probes go
	down    bool // and they have failed
	wanted  bool // a probe should go though the door is open
	probing bool // a probe is in progress
	probes  int  // since the door was closed
	probed  time.Time
}

const (
	// failuresToDown chunks in a row cannot be chance. They must take at least downAfter, unless
	// retries would not help.
	failuresToDown = 20
	downAfter      = 2 * time.Second
	longestProbe   = 5 * time.Second
	// refusedFor is how long a host that refuses everything is left alone.
	refusedFor = time.Minute
	// strangerPatience is for a host that has never answered: probably a wrong address, or no
	// network.
	strangerPatience = 30 * time.Second
	// knownGood bounds the chunks remembered for probes: the provider may have lost one of them in
	// the meantime.
	knownGood = 8
)

// outcome counts how an attempt at c, sent at started, ended.
func (o *outage) outcome(now, started time.Time, c tiles.Chunk, err error, probe bool) {
	if probe {
		o.probing, o.probed = false, now
		o.probes++
	}
	if settles(err) {
		o.remember(c)
		clear(o.row)
		o.last, o.closed, o.down, o.wanted = now, false, false, false
		return
	}
	if o.row == nil {
		o.row = map[tiles.Chunk]bool{}
	}
	if len(o.row) == 0 {
		o.since = started
	}
	if len(o.row) < failuresToDown {
		o.row[c] = true
	}
	if probe || !o.closed { // not a late answer from before
		o.cause = err
	}
	switch {
	case o.closed && probe && !o.down:
		if o.down = o.tried() || !o.final() && now.Sub(o.since) > strangerPatience; o.down {
			o.probes = 0
		}
	case !o.closed && len(o.row) >= failuresToDown && (o.final() || now.Sub(o.since) >= downAfter):
		o.close(now)
	}
}

// close admits only probes. Without candidates there is nothing to find out.
func (o *outage) close(now time.Time) {
	if !o.closed {
		o.closed, o.probed, o.probes, o.wanted = true, now, 0, false
		o.down = !o.known()
	}
}

// known reports whether there is anything to probe with.
func (o *outage) known() bool { return len(o.good)+len(o.candidates) > 0 }

// want makes a probe go though the door is open.
func (o *outage) want() { o.wanted = o.known() && !o.probing }

// tried reports whether enough probes have failed: one chunk that was answered before, or all
// candidates.
func (o *outage) tried() bool { return len(o.good) > 0 || o.probes >= len(o.candidates) }

// final reports whether retries would not help.
func (o *outage) final() bool { return o.cause != nil && !retryable(o.cause) }

// remember keeps c for probes.
func (o *outage) remember(c tiles.Chunk) {
	if len(o.good) < knownGood {
		if !slices.Contains(o.good, c) {
			o.good = append(o.good, c)
		}
	} else if !slices.Contains(o.good, c) {
		o.good[o.answers%knownGood] = c
	}
	o.answers++
}

// probe reports whether the next request is a probe, and returns the chunk to request instead of
// its own, if any.
func (o *outage) probe() (instead *tiles.Chunk, probing bool) {
	if o.probing || !o.closed && !o.wanted {
		return nil, false
	}
	o.probing, o.wanted = true, false
	from := o.good
	if len(from) == 0 {
		from = o.candidates
	}
	if len(from) > 0 {
		instead = new(from[o.turn%len(from)])
		o.turn++
	}
	return instead, true
}

func (o *outage) nextProbe() time.Time {
	switch {
	case !o.down:
		return o.probed
	case o.final():
		return o.probed.Add(refusedFor)
	}
	return o.probed.Add(min(time.Second<<min(o.probes, 10), longestProbe))
}

// hopeless reports whether nothing should wait any longer. The next caller nevertheless makes the
// next probe.
func (o *outage) hopeless(now time.Time) bool {
	if !o.down || !o.nextProbe().After(now) && !o.probing {
		return false
	}
	patience := o.patience
	if o.final() {
		patience = 0
	} else if o.answers == 0 {
		patience = min(patience, strangerPatience)
	}
	return now.Sub(o.since) >= patience
}

func (o *outage) refusal() error { return &downError{o.cause} }
