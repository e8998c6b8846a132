package preview

import (
	"context"
	"sync"
)

// news lets goroutines wait for a change of what mu guards.
type news struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, with each change
}

func newNews() news { return news{changed: make(chan struct{})} }

// tell wakes those who wait. mu is held.
func (n *news) tell() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// wait waits until done, which is called with mu held.
func (n *news) wait(ctx context.Context, done func() bool) error {
	for {
		n.mu.Lock()
		ok, changed := done(), n.changed
		n.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
