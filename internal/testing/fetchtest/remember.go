package fetchtest

import (
	"context"
	"sync"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Remembered is a source that gives again what it has given before, however much that is.
type Remembered struct {
	fetch.Source
	mu     sync.Mutex
	bodies map[tiles.Chunk][]byte
}

// Remember remembers what s gives.
func Remember(s fetch.Source) *Remembered {
	return &Remembered{Source: s, bodies: make(map[tiles.Chunk][]byte)}
}

// Fetch implements fetch.Source.
func (r *Remembered) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	r.mu.Lock()
	body, ok := r.bodies[c]
	r.mu.Unlock()
	if ok {
		return body, nil
	}
	body, err := r.Source.Fetch(ctx, c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.bodies[c] = body
	}
	return body, err
}
