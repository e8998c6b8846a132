package fetch

import (
	"maps"
	"sync"
)

// perHost holds one T for each host named by templates. The zero value is empty.
type perHost[T any] struct {
	mu     sync.Mutex
	byName map[string]T
}

// of returns the T of host, which make makes the first time.
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

// all returns a copy of the map.
func (h *perHost[T]) all() map[string]T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.byName)
}
