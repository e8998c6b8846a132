package fetch

import (
	"context"
	"net"
	"sync"
	"time"
)

// dialer opens at most as many connections as the process has descriptors for. A further one waits
// for a connection to be closed, or, since net/http uses whichever is ready first, for one to
// become idle.
type dialer struct {
	net.Dialer
	open      chan struct{} // one entry for every connection
	closeIdle func()        // closes idle connections, such as those to another host
}

const (
	// keptDescriptors are reserved for files: archive, chunk store, scenery and others.
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

// maxConnections returns how many connections the process can have open.
func maxConnections() int {
	const most = 4 * MaxConcurrency // a template may name four hosts
	limit, ok := maxDescriptors()
	if !ok || limit > most+keptDescriptors {
		return most
	}
	return max(leastConnections, int(limit)-keptDescriptors)
}

// DialContext is used by the transport.
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
