package fetch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGateNeverHoldsMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots = 3
		g := newGate(slots)
		var inside, most atomic.Int64
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7+1)*time.Second) // some give up waiting
				defer cancel()
				if g.enter(ctx) != nil {
					return
				}
				defer g.leave()
				most.Store(max(most.Load(), inside.Add(1)))
				time.Sleep(time.Second)
				inside.Add(-1)
			})
		}
		all.Wait()
		if most.Load() != slots {
			t.Errorf("%d were inside at once, want %d", most.Load(), slots)
		}
		if g.inside.Load() != 0 || g.waiting.Load() != 0 || !g.slots.TryAcquire(slots) {
			t.Errorf("left with %d inside and %d waiting, want every slot free", g.inside.Load(), g.waiting.Load())
		}
	})
}

func TestGateIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []int
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if g.enter(t.Context()) == nil {
					order = append(order, i) // one at a time: the gate's doing
					g.leave()
				}
			})
			synctest.Wait()
		}
		g.leave()
		all.Wait()
		if len(order) != 10 || !slices.IsSorted(order) {
			t.Errorf("came in in the order %v", order)
		}
	})
}

func TestGateEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := newGate(1)
	if err := g.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled, though a slot is free", err)
	}
}
