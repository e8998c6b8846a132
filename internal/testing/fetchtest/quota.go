package fetchtest

import (
	"sync"
	"time"
)

// quota is how many requests a second a server answers: a bucket that holds a tenth of a second's.
type quota struct {
	perSecond float64 // 0: no limit

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// take says whether another request is within the quota. One that is not costs nothing.
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
