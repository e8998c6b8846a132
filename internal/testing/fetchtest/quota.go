package fetchtest

import (
	"sync"
	"time"
)

// quota limits the requests a second of a server: a bucket that holds those of a tenth of a second.
type quota struct {
	perSecond float64 // 0: no limit

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// take reports whether another request is within the quota. A request beyond it costs nothing.
func (q *quota) take(now time.Time) bool {
	if q.perSecond <= 0 {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tokens = min(max(1, q.perSecond/10), q.tokens+now.Sub(q.filled).Seconds()*q.perSecond)
	q.filled = now
	if q.tokens < 1 {
		return false
	}
	q.tokens--
	return true
}
