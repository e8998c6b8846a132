package fetch

import (
	"context"
	"net"
	"sync"
	"time"
)

// dialer opens no more connections at once than the process has descriptors for. Who wants one more
// waits: for a connection to be closed, or, since net/http gives a request whatever comes first,
// for another to become free.
type dialer struct {
	net.Dialer
	open      chan struct{} // one for every connection
	closeIdle func()        // closes those that nobody uses, such as to another host
}

const (
	// keptDescriptors are for files: archive, chunk store, scenery, and what else the process has
	// open.
	keptDescriptors  = 96
	leastConnections = 16
	dialAgain        = 100 * time.Millisecond
)

func newDialer() *dialer {
	return &dialer{
		Dialer: net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second},
		open:   make(chan struct{}, maxConnections()),
	}
}

// maxConnections is how many connections the process can have open.
func maxConnections() int {
	const most = 4 * MaxConcurrency // a template may name four hosts
	limit, ok := maxDescriptors()
	if !ok || limit > most+keptDescriptors {
		return most
	}
	return max(leastConnections, int(limit)-keptDescriptors)
}

// DialContext is what a transport calls.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := d.enter(ctx); err != nil {
		return nil, err
	}
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		<-d.open
		return nil, err
	}
	return &dialed{Conn: conn, leave: sync.OnceFunc(func() { <-d.open })}, nil
}

func (d *dialer) enter(ctx context.Context) error {
	select {
	case d.open <- struct{}{}:
		return nil
	default:
	}
	again := time.NewTicker(dialAgain)
	defer again.Stop()
	for {
		d.closeIdle()
		select {
		case d.open <- struct{}{}:
			return nil
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// dialed is a connection that counts until it is closed.
type dialed struct {
	net.Conn
	leave func()
}

func (c *dialed) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}
