package fetch

import (
	"context"
	"time"
)

// firstRequest lets one request to a host go first until it is answered: if hundreds started at
// once, each would open a connection before it is known that HTTP/2 needs only one.
type firstRequest struct {
	lead chan struct{} // holds one token until some request leads
	open chan struct{} // closed when the others may go
}

func newFirstRequest() *firstRequest {
	f := &firstRequest{lead: make(chan struct{}, 1), open: make(chan struct{})}
	f.lead <- struct{}{}
	return f
}

// leadTime is how long the others wait at most: a first request that is never answered must not
// block the rest.
const leadTime = time.Second

// enter returns a function to call when the request has been answered.
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
