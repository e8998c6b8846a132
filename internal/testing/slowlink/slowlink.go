// Package slowlink is a link with latency and a bandwidth between clients and a server, for
// measurements on machines whose kernel has no netem:
//
//	l, err := slowlink.Start("127.0.0.1:8080", slowlink.Options{RoundTrip: 40 * time.Millisecond})
//	defer l.Close()
//	… connect to l.Addr()
//
// Connections take a round trip to be made. All share the bandwidth, from the server to the
// clients. There is neither loss nor slow start; the window of a connection is 4 MB.
package slowlink

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options are the properties of a link.
type Options struct {
	RoundTrip time.Duration
	Bandwidth float64 // bytes a second to the clients; 0: no limit
}

// Link forwards connections to a server.
type Link struct {
	o        Options
	server   string
	listener net.Listener
	lane     lane
	down     atomic.Int64
	dialled  atomic.Int64

	mu   sync.Mutex
	open map[net.Conn]bool // nil: the link is closed
	busy sync.WaitGroup
}

const (
	pieceBytes = 64 << 10
	window     = 4 << 20 / pieceBytes
	// slack is how far a sender may be ahead of the link, so that a timer that is late costs
	// nothing.
	slack = 4 * time.Millisecond
)

// Start starts a link to the server at a TCP address.
func Start(server string, o Options) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &Link{o: o, server: server, listener: listener, open: map[net.Conn]bool{},
		lane: lane{rate: o.Bandwidth}}
	l.busy.Go(l.accept)
	return l, nil
}

// Addr returns the address to connect to.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Down returns how many bytes went to clients.
func (l *Link) Down() int64 { return l.down.Load() }

// Connections returns how many connections were made.
func (l *Link) Connections() int64 { return l.dialled.Load() }

// Close ends all connections.
func (l *Link) Close() error {
	err := l.listener.Close()
	l.mu.Lock()
	for c := range l.open {
		err = errors.Join(err, c.Close())
	}
	l.open = nil
	l.mu.Unlock()
	l.busy.Wait()
	return err
}

func (l *Link) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.dialled.Add(1)
		l.busy.Go(func() { l.join(client, time.Now()) })
	}
}

// keep notes a connection, which Close then ends, and reports whether the link is still open.
func (l *Link) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		_ = c.Close()
		return false
	}
	l.open[c] = true
	return true
}

// drop ends a connection, unless Close does.
func (l *Link) drop(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[c] {
		delete(l.open, c)
		_ = c.Close()
	}
}

// join connects a client with the server.
func (l *Link) join(client net.Conn, at time.Time) {
	if !l.keep(client) {
		return
	}
	defer l.drop(client)
	server, err := net.Dial("tcp", l.server)
	if err != nil || !l.keep(server) {
		return
	}
	defer l.drop(server)
	made := at.Add(l.o.RoundTrip) // when the client may send
	var both sync.WaitGroup
	both.Go(func() { l.carry(server, client, made, nil) })
	both.Go(func() { l.carry(client, server, made, &l.lane) })
	both.Wait()
}

// piece is what is on the way.
type piece struct {
	due  time.Time
	data []byte
}

// carry carries what comes from one end to the other, until the end or a failure.
func (l *Link) carry(to, from net.Conn, made time.Time, lane *lane) {
	way := make(chan piece, window)
	gone := make(chan struct{}) // the receiver is
	l.busy.Go(func() {
		defer close(way)
		for {
			buf := make([]byte, pieceBytes)
			n, err := from.Read(buf)
			if n > 0 {
				sent := time.Now()
				if lane != nil {
					sent = lane.send(n)
					l.down.Add(int64(n))
				}
				if sent.Before(made) {
					sent = made
				}
				select {
				case way <- piece{sent.Add(l.o.RoundTrip / 2), buf[:n]}:
				case <-gone:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	defer close(gone)
	for p := range way {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			_ = from.Close()
			return
		}
	}
	if c, ok := to.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
}

// lane is the bandwidth that connections share.
type lane struct {
	rate float64
	mu   sync.Mutex
	free time.Time
}

// send waits until n bytes are on the way, nearly, and returns when they are.
func (w *lane) send(n int) time.Time {
	if w.rate <= 0 {
		return time.Now()
	}
	w.mu.Lock()
	if now := time.Now(); w.free.Before(now) {
		w.free = now
	}
	w.free = w.free.Add(time.Duration(float64(n) / w.rate * float64(time.Second)))
	sent := w.free
	w.mu.Unlock()
	time.Sleep(time.Until(sent) - slack)
	return sent
}
