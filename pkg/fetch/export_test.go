package fetch

import (
	"context"
	"net"
	"time"
)

// SetWait replaces the sleeps of sources made from now on.
func (c *Client) SetWait(wait func(context.Context, time.Duration) error) { c.wait = wait }

// Sleep is how sources wait unless SetWait has said otherwise.
func Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, d) }

// SetDial replaces the network, before any connection is open.
func (c *Client) SetDial(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.transport.DialContext = dial
}

// SetMaxConnections changes how many connections may be open at once, before any is.
func (c *Client) SetMaxConnections(n int) {
	c.dialer.open = make(chan struct{}, n)
	c.transport.MaxConnsPerHost = min(n, c.transport.MaxConnsPerHost)
}
