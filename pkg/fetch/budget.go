package fetch

import (
	"context"
	"sync"
	"time"
)

// budget limits retries to a tenth of the first requests. Beyond it they are paced in order and
// never dropped: a host in trouble must not get twice the requests for being in trouble.
type budget struct {
	host interface {
		accepted() float64 // requests a second that the host accepts
		down() bool
	}

	mu     sync.Mutex
	asked  int64   // total requests for a retry
	earned float64 // retries allowed so far
	filled time.Time
}

const (
	budgetShare = 0.1
	// retries at once that are harmless: what is in flight when a connection stumbles
	budgetReserve = 64
	budgetLeast   = 25 // a second
	// budgetLook is how long a wait lasts before it is computed again: the host may accept more by
	// now, or be down.
	budgetLook = 500 * time.Millisecond
)

func newBudget(host *throttle) *budget { return &budget{host: host, earned: budgetReserve} }

// spend waits until another retry is within the budget. It does not wait for a host that is down:
// there all wait for the probe.
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

// due returns when the mine-th retry is within the budget.
func (b *budget) due(mine float64, now time.Time) time.Duration {
	perSecond := max(budgetLeast, budgetShare*b.host.accepted())
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.filled.IsZero() {
		b.earned = min(float64(b.asked+budgetReserve),
			b.earned+now.Sub(b.filled).Seconds()*perSecond)
	}
	b.filled = now
	return time.Duration((mine - b.earned) / perSecond * float64(time.Second))
}
