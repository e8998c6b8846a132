package fetch

import (
	"context"
	"sync"
	"time"
)

// budget keeps requests that are made again to a tenth of those made first. Beyond it they are
// paced, in the order they came, and never dropped: a host in trouble is not asked twice as much
// for being in trouble.
type budget struct {
	host interface {
		accepted() float64 // requests a second that it takes
		down() bool
	}

	mu     sync.Mutex
	asked  int64   // for a retry, ever
	earned float64 // retries that may have been made by now
	filled time.Time
}

const (
	budgetShare   = 0.1
	budgetReserve = 64 // retries at once that are nobody's worry: what is in flight when a line stumbles
	budgetLeast   = 25 // a second
	// budgetLook is how long a wait goes on before it is worked out again: the host may take more
	// by now, or be down.
	budgetLook = 500 * time.Millisecond
)

func newBudget(host *throttle) *budget { return &budget{host: host, earned: budgetReserve} }

// spend waits until another retry is within the budget. It does not wait for a host that is down:
// there everybody queues at the door.
func (b *budget) spend(ctx context.Context) error {
	b.mu.Lock()
	b.asked++
	mine := float64(b.asked)
	b.mu.Unlock()
	for !b.host.down() {
		wait := b.due(mine, time.Now())
		if wait <= 0 {
			return nil
		}
		if err := sleep(ctx, min(wait, budgetLook)); err != nil {
			return err
		}
	}
	return nil
}

// due returns in how long the mine-th retry is within the budget.
func (b *budget) due(mine float64, now time.Time) time.Duration {
	perSecond := max(budgetLeast, budgetShare*b.host.accepted())
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.filled.IsZero() {
		b.earned = min(float64(b.asked+budgetReserve), b.earned+now.Sub(b.filled).Seconds()*perSecond)
	}
	b.filled = now
	return time.Duration((mine - b.earned) / perSecond * float64(time.Second))
}
