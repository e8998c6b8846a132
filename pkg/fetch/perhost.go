package fetch

import (
	"maps"
	"sync"
)

// perHost holds one T for each host, as many as templates name. The zero value holds none.
type perHost[T any] struct {
	mu     sync.Mutex
	byName map[string]T
}

// of returns what it holds for host, made by make the first time.
func (h *perHost[T]) of(host string, make func() T) T {
	h.mu.Lock()
	defer h.mu.Unlock()
	t, ok := h.byName[host]
	if !ok {
		if h.byName == nil {
			h.byName = map[string]T{}
		}
		t = make()
		h.byName[host] = t
	}
	return t
}

// all returns a copy of what it holds.
func (h *perHost[T]) all() map[string]T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.byName)
}
