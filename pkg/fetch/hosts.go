package fetch

import "sync"

// hosts holds the throttle of each host that a source has been made for: sources of one host share what it can bear. The zero value knows none.
type hosts struct {
	mu     sync.Mutex
	byName map[string]*throttle // as many as there are templates
}

// of returns the throttle of host, made by make the first time.
func (h *hosts) of(host string, make func() *throttle) *throttle {
	h.mu.Lock()
	defer h.mu.Unlock()
	t, ok := h.byName[host]
	if !ok {
		if h.byName == nil {
			h.byName = map[string]*throttle{}
		}
		t = make()
		h.byName[host] = t
	}
	return t
}
