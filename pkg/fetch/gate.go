package fetch

import (
	"context"
	"slices"
	"sync"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// gate lets a number of holders in at once and the rest wait in the order they came.
type gate struct {
	mu      sync.Mutex
	free    int
	waiting []chan struct{} // closed when its turn has come
}

func newGate(slots int) *gate { return &gate{free: slots} }

// enter waits for a slot. Whoever got one (nil) must leave.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	i := slices.Index(g.waiting, turn)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 { // the turn came meanwhile: it is the next one's
		g.leave()
	}
	return ctx.Err()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.free++
		return
	}
	close(g.waiting[0])
	g.waiting = slices.Delete(g.waiting, 0, 1)
}

// limited holds a slot of the gate while next works.
type limited struct {
	next Source
	gate *gate
}

func (s *limited) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if err := s.gate.enter(ctx); err != nil {
		return nil, err
	}
	defer s.gate.leave()
	return s.next.Fetch(ctx, c)
}
