package fetchtest

import (
	"context"
	"net"
	"sync"
)

// Pipes connect clients and a server in the bubble of a synctest, whose time waits for no network.
type Pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

// NewPipes returns pipes, which a Server's Close ends.
func NewPipes() *Pipes { return &Pipes{dialled: make(chan net.Conn), closed: make(chan struct{})} }

// DialContext is for a client's transport.
func (p *Pipes) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.dialled <- there:
		return here, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *Pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialled:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *Pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr implements net.Listener.
func (*Pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
