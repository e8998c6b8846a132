package fetch

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// gate lets a number of holders in at once and the rest wait in the order they came. It knows how
// many there are of each.
type gate struct {
	slots           *semaphore.Weighted
	inside, waiting atomic.Int64
}

func newGate(slots int) *gate { return &gate{slots: semaphore.NewWeighted(int64(slots))} }

// enter waits for a slot. Whoever got one (nil) must leave.
func (g *gate) enter(ctx context.Context) error {
	g.waiting.Add(1)
	err := g.slots.Acquire(ctx, 1)
	g.waiting.Add(-1)
	if err == nil {
		g.inside.Add(1)
	}
	return err
}

func (g *gate) leave() {
	g.inside.Add(-1)
	g.slots.Release(1)
}
