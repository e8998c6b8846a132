package soak

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// tally collects the results of all visitors. Safe for concurrent use.
type tally struct {
	archived, live, standIns, mapped, bytes atomic.Int64
	opens, liveOpens, reads                 times

	mu       sync.Mutex
	looks    map[tiles.Key]look
	failures []string
	failed   int
}

// look is what must not change for a name.
type look struct {
	ino  uint64
	time int64
}

// keptFailures is how many failures are described; the others are counted.
const keptFailures = 20

func newTally() *tally { return &tally{looks: make(map[tiles.Key]look)} }

// same compares the stat(2) of a texture with the previous one.
func (t *tally) same(x tiles.Texture, ino uint64, mtime int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := look{ino, mtime}
	if before, ok := t.looks[x.Key()]; ok && before != now {
		return fmt.Errorf("inode and time changed from %v to %v", before, now)
	}
	t.looks[x.Key()] = now
	return nil
}

func (t *tally) fail(x tiles.Texture, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed++; len(t.failures) < keptFailures {
		t.failures = append(t.failures, fmt.Sprintf("%v: %v", x, err))
	}
}

// times collects durations.
type times struct {
	mu  sync.Mutex
	all []time.Duration
}

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, d)
}

func (t *times) sum() trace.Latency {
	t.mu.Lock()
	defer t.mu.Unlock()
	return trace.Distribution(t.all)
}

// inWords formats a distribution for people.
func inWords(l trace.Latency) string {
	d := func(seconds float64) time.Duration {
		return time.Duration(seconds * 1e9).Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("%d, p50 %v, p99 %v, longest %v", l.Count, d(l.P50), d(l.P99), d(l.Max))
}
