package fetchtest

import (
	"io"
	"net"
	"sync"
	"time"
)

// line is the shared connection that all answers of a server pass, like the line of a house.
type line struct {
	perSecond float64 // bytes; 0: as fast as it goes

	mu    sync.Mutex
	free  time.Time // when everything given to it so far will have been sent
	sent  int64
	conns map[*lineConn]bool
}

// lineSlack is how much lost time the line makes up for when a sleep ends late.
const lineSlack = 50 * time.Millisecond

// take waits until n more bytes have passed, or until gone is closed.
func (l *line) take(n int, gone <-chan struct{}) {
	l.mu.Lock()
	l.sent += int64(n)
	if l.perSecond <= 0 {
		l.mu.Unlock()
		return
	}
	if least := time.Now().Add(-lineSlack); l.free.Before(least) {
		l.free = least
	}
	l.free = l.free.Add(time.Duration(float64(n) / l.perSecond * float64(time.Second)))
	wait := time.Until(l.free)
	l.mu.Unlock()
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-gone:
	}
}

func (l *line) bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// cut makes every existing connection dead: it stays open and carries nothing, as when a router has
// forgotten it.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.die()
	}
}

// lineListener puts the connections that it accepts on a line.
type lineListener struct {
	net.Listener
	line *line
}

func (l lineListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &lineConn{Conn: conn, line: l.line, dead: make(chan struct{}), closed: make(chan struct{})}
	l.line.mu.Lock()
	l.line.conns[c] = true
	l.line.mu.Unlock()
	return c, nil
}

type lineConn struct {
	net.Conn
	line *line

	once, last   sync.Once
	dead, closed chan struct{}
}

// piece is about how many bytes are sent before others get a turn.
const piece = 16 << 10

func (c *lineConn) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		part := b[:min(piece, len(b))]
		c.line.take(len(part), c.closed)
		if !c.isDead() {
			if m, err := c.Conn.Write(part); err != nil {
				return n + m, err
			}
		}
		n += len(part)
		b = b[len(part):]
	}
	return n, nil
}

func (c *lineConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.isDead() {
		return n, err
	}
	<-c.closed
	return 0, io.EOF
}

func (c *lineConn) isDead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}

func (c *lineConn) die() { c.once.Do(func() { close(c.dead) }) }

func (c *lineConn) Close() error {
	c.last.Do(func() { close(c.closed) })
	c.line.mu.Lock()
	delete(c.line.conns, c)
	c.line.mu.Unlock()
	return c.Conn.Close()
}

// reset closes the connection without a normal end.
func (c *lineConn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
