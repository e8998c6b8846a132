package fetch

import (
	"context"
	"sync"
	"time"
)

// budget keeps requests that are made again to a tenth of those made first. Beyond it they are paced, never dropped: a host in trouble is not asked
// twice as much for being in trouble.
type budget struct {
	wait     sleeper
	accepted func() float64 // requests a second that the host takes

	mu     sync.Mutex
	tokens float64 // below 0: so many are waiting
	filled time.Time
}

const (
	budgetShare   = 0.1
	budgetReserve = 64 // retries at once that are nobody's worry: what is in flight when a line stumbles
	budgetLeast   = 25 // a second
)

func newBudget(wait sleeper, accepted func() float64) *budget {
	return &budget{wait: wait, accepted: accepted, tokens: budgetReserve}
}

// spend waits until another retry is within the budget.
func (b *budget) spend(ctx context.Context) error {
	perSecond := max(budgetLeast, budgetShare*b.accepted())
	b.mu.Lock()
	now := time.Now()
	if !b.filled.IsZero() {
		b.tokens = min(budgetReserve, b.tokens+now.Sub(b.filled).Seconds()*perSecond)
	}
	b.filled = now
	b.tokens--
	debt := -b.tokens
	b.mu.Unlock()
	if debt <= 0 {
		return nil
	}
	return b.wait(ctx, time.Duration(debt/perSecond*float64(time.Second)))
}
