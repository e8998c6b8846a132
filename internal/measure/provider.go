package measure

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// server serves imagery to suite fetch: as much of a provider as a measurement needs. The tests'
// server, which has every kind of fault, is not part of the program.
type server struct {
	http    http.Server
	address string
	imagery fetch.Source
	latency time.Duration
	every   uint32 // one chunk in this many gets a wrong first answer; 0: none
	line    line
	ended   chan struct{} // closed when the server ends

	mu      sync.Mutex
	wronged map[tiles.Chunk]bool // answered wrong, and not asked for again yet
}

func newServer(o Options) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{
		address: listener.Addr().String(), imagery: o.Imagery, latency: o.Latency, line: line{
			perSecond: o.Bandwidth},
		ended: make(chan struct{}), wronged: map[tiles.Chunk]bool{},
	}
	if o.Faults > 0 {
		s.every = uint32(max(1, 1/o.Faults+.5))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{z}/{x}/{y}", s.answer)
	s.http.Handler, s.http.ReadHeaderTimeout = mux, 10*time.Second
	go func() { // returns after close
		defer close(s.ended)
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

func (s *server) close() error {
	err := s.http.Close()
	<-s.ended
	return err
}

func (s *server) provider() (fetch.Provider, error) {
	return fetch.LookupProvider("http://" + s.address + "/{z}/{x}/{y}.jpg")
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	x, errX := strconv.ParseUint(r.PathValue("x"), 10, 32)
	y, errY := strconv.ParseUint(strings.TrimSuffix(r.PathValue("y"), ".jpg"), 10, 32)
	if errX != nil || errY != nil {
		http.NotFound(w, r)
		return
	}
	c := tiles.Chunk{X: uint32(x), Y: uint32(y)}
	body, err := s.imagery.Fetch(r.Context(), c)
	if err != nil || !wait(r.Context(), s.latency) || !wait(r.Context(), s.line.take(len(body))) {
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	if s.wrongs(c) {
		switch (c.X + c.Y) / s.every % 4 {
		case 0:
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case 1:
			panic(http.ErrAbortHandler) // the connection ends without an answer
		case 2:
			body = body[:len(body)*2/3]
		case 3:
			w.Header().Set("Content-Type", "text/html")
			body = []byte("<!DOCTYPE html>\n<html><body>Please sign in.</body></html>\n")
		}
	}
	_, _ = w.Write(body) // the client may be gone
}

// wrongs decides whether a chunk gets a wrong answer, which happens at most once a chunk.
func (s *server) wrongs(c tiles.Chunk) bool {
	if s.every == 0 || (c.X+c.Y)%s.every != 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wronged[c] {
		delete(s.wronged, c)
		return false
	}
	s.wronged[c] = true
	return true
}

// wait waits for d and returns false if the request ended before.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// line is the shared connection that all bodies pass, one after the other.
type line struct {
	perSecond float64 // bytes; 0: as fast as it goes

	mu   sync.Mutex
	free time.Time // when everything given to it so far will have been sent
}

// take returns how long n more bytes take to pass.
func (l *line) take(n int) time.Duration {
	if l.perSecond <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(n) / l.perSecond * float64(time.Second)))
	return l.free.Sub(now)
}
