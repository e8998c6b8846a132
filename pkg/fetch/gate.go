package fetch

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// gate admits a number of holders at once; the rest wait in order. It counts both.
type gate struct {
	slots           *semaphore.Weighted
	inside, waiting atomic.Int64
}

func newGate(slots int) *gate { return &gate{slots: semaphore.NewWeighted(int64(slots))} }

// enter waits for a slot. After nil the caller must leave.
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
