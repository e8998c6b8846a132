package fetch

import (
	"context"
	"slices"
	"sync"
	"time"

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

// limited holds a slot of every gate while next works, and sees the outcome of each attempt: the place for a limit that adapts.
type limited struct {
	next  Source
	gates []*gate // entered in this order
	pace  *pacer  // may be nil
}

func (s *limited) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if s.pace != nil {
		if err := s.pace.next(ctx); err != nil {
			return nil, err
		}
	}
	for _, g := range s.gates {
		if err := g.enter(ctx); err != nil {
			return nil, err
		}
		defer g.leave()
	}
	return s.next.Fetch(ctx, c)
}

// pacer spaces requests evenly.
type pacer struct {
	interval time.Duration
	wait     sleeper
	mu       sync.Mutex
	free     time.Time // when the next may go
}

// newPacer returns nil, which is no limit, when rate (requests a second) is not positive.
func newPacer(rate float64, wait sleeper) *pacer {
	if !(rate > 0) {
		return nil
	}
	return &pacer{interval: time.Duration(float64(time.Second) / rate), wait: wait}
}

func (p *pacer) next(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := p.free
	if at.Before(now) {
		at = now
	}
	p.free = at.Add(p.interval)
	p.mu.Unlock()
	if at.Equal(now) {
		return nil
	}
	return p.wait(ctx, at.Sub(now))
}
