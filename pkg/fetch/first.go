package fetch

import (
	"context"
	"sync"
	"time"
)

// firstRequests holds what is known of each host that has been asked. The zero value knows none.
type firstRequests struct {
	mu    sync.Mutex
	hosts map[string]*firstRequest // as many as templates name
}

func (f *firstRequests) of(host string) *firstRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	first, ok := f.hosts[host]
	if !ok {
		if f.hosts == nil {
			f.hosts = map[string]*firstRequest{}
		}
		first = &firstRequest{lead: make(chan struct{}, 1), open: make(chan struct{})}
		first.lead <- struct{}{}
		f.hosts[host] = first
	}
	return first
}

// firstRequest lets one request to a host go ahead until it is answered: were hundreds to start at once, each would open a connection before any
// knew that HTTP/2 needs only one.
type firstRequest struct {
	lead chan struct{} // holds one token until somebody leads
	open chan struct{} // closed when the others may go
}

// leadTime is how long the others wait at most: a first request that is never answered must not hold up the rest.
const leadTime = time.Second

// enter returns what to call when the request has been answered.
func (f *firstRequest) enter(ctx context.Context) (done func(), err error) {
	select {
	case <-f.open:
		return func() {}, nil
	default:
	}
	select {
	case <-f.lead:
		return func() { close(f.open) }, nil
	default:
	}
	timer := time.NewTimer(leadTime)
	defer timer.Stop()
	select {
	case <-f.open:
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return func() {}, nil
}
