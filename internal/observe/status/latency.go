package status

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// latencies counts times in buckets that are each a fifth wider than the one before, from a
// microsecond to an hour. Adding costs one atomic operation.
type latencies [160]atomic.Int64

// add counts d.
func (l *latencies) add(d time.Duration) { l[bucket(d)].Add(1) }

// bucket returns the bucket of d: four to each power of two of microseconds.
func bucket(d time.Duration) int {
	us := uint64(max(1, d.Microseconds()))
	power := bits.Len64(us) - 1
	quarter := us << 2 >> power & 3
	return min(power*4+int(quarter), len(latencies{})-1)
}

// upper returns the upper bound of bucket i.
func upper(i int) time.Duration {
	return time.Duration(4+i%4+1) << (i / 4) * time.Microsecond / 4
}

// window holds the counts of a period: since the last look.
type window struct {
	seen   [160]int64
	counts [160]int64
	total  int64
}

// look takes what was added since the last look.
func (w *window) look(l *latencies) {
	w.total = 0
	for i := range l {
		n := l[i].Load()
		w.counts[i], w.seen[i] = n-w.seen[i], n
		w.total += w.counts[i]
	}
}

// quantile returns a time that the share q of the window's times do not exceed, or 0 if it is
// empty.
func (w *window) quantile(q float64) time.Duration {
	left := int64(q * float64(w.total))
	for i, n := range w.counts {
		if left -= n; left < 0 {
			return upper(i)
		}
	}
	return 0
}
