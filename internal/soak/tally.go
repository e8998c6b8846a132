package soak

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// tally is what all visitors have seen. Safe for concurrent use.
type tally struct {
	archived, live, standIns, mapped, bytes atomic.Int64
	opens, liveOpens, reads                 times

	mu       sync.Mutex
	looks    map[tiles.Key]look
	failures []string
	failed   int
}

// look is what must not change of a name.
type look struct {
	ino  uint64
	time int64
}

// keptFailures is how many are told; the others are counted.
const keptFailures = 20

func newTally() *tally { return &tally{looks: make(map[tiles.Key]look)} }

// same compares what stat(2) says of a texture with what it said before.
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

// Times is how long something took, of so many.
type Times struct {
	Count         int
	P50, P99, Max time.Duration
}

func (t *times) sum() Times {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) == 0 {
		return Times{}
	}
	slices.Sort(t.all)
	at := func(part float64) time.Duration { return t.all[int(part*float64(len(t.all)-1))] }
	return Times{Count: len(t.all), P50: at(0.5), P99: at(0.99), Max: at(1)}
}

// String writes the times for people.
func (t Times) String() string {
	round := func(d time.Duration) time.Duration {
		if d < 10*time.Millisecond {
			return d.Round(time.Microsecond)
		}
		return d.Round(time.Millisecond)
	}
	return fmt.Sprintf("%d, p50 %v, p99 %v, longest %v", t.Count, round(t.P50), round(t.P99), round(t.Max))
}
