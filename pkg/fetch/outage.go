package fetch

import (
	"errors"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrDown says that the host has answered nothing for longer than ClientOptions.Patience, or
// refuses everything, and is asked only now and then. The error wraps what came of asking last.
var ErrDown = errors.New("the host answers nothing that it answered before")

// downError is an ErrDown in words.
type downError struct{ cause error }

func (e *downError) Error() string {
	return "the host " + Explain(e.cause) + ", whatever it is asked for"
}

func (e *downError) Unwrap() []error { return []error{ErrDown, e.cause} }

// outage tells a host that answers nothing it answered before from chunks that it never answers.
// When one chunk after another has failed and nothing has come between, the door is closed: one
// request at a time goes, for a chunk that the host has answered, and the rest wait. If that comes,
// it was the chunks. If not, the host is down, and everybody waits until it is back, but not longer
// than patience.
type outage struct {
	patience time.Duration // negative: nobody waits

	good       []tiles.Chunk // some of those answered, to be asked for as probes
	candidates []tiles.Chunk // likewise, as long as none has been answered
	turn       int           // which of them is next

	answers int                  // ever
	last    time.Time            // of them
	row     map[tiles.Chunk]bool // what has failed since, up to failuresToDown
	since   time.Time            // when that began
	cause   error

	closed  bool // only probes go
	down    bool // and they have failed
	wanted  bool // a probe is to go though the door is open
	probing bool // one is under way
	probes  int  // since the door was closed
	probed  time.Time
}

const (
	// failuresToDown chunks in a row cannot be chance, and take at least downAfter unless asking
	// again would not help.
	failuresToDown = 20
	downAfter      = 2 * time.Second
	longestProbe   = 5 * time.Second
	// refusedFor is how long a host that refuses everything is left alone.
	refusedFor = time.Minute
	// strangerPatience is for a host that has never answered: more likely a wrong address, or no
	// line at all.
	strangerPatience = 30 * time.Second
	// knownGood bounds the chunks remembered for probes: one of them may be lost to the provider
	// meanwhile.
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
	if probe || !o.closed { // not a straggler from before
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

// close lets nobody in but probes. With nothing to ask for there is nothing to be found out.
func (o *outage) close(now time.Time) {
	if !o.closed {
		o.closed, o.probed, o.probes, o.wanted = true, now, 0, false
		o.down = !o.known()
	}
}

// known says whether there is anything to probe with.
func (o *outage) known() bool { return len(o.good)+len(o.candidates) > 0 }

// want has a probe go though the door is open.
func (o *outage) want() { o.wanted = o.known() && !o.probing }

// tried says whether enough was asked for in vain: one chunk that was answered before, or all that
// might be.
func (o *outage) tried() bool { return len(o.good) > 0 || o.probes >= len(o.candidates) }

// final says whether asking again would not help.
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

// probe says whether who is let in now is to probe, and returns what is to be asked for instead of
// the own chunk, if anything is.
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

// hopeless says that nobody is to wait any longer. The next probe is nevertheless made by who comes
// then.
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
