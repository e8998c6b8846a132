package fetchtest

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options tune a Server. The zero value serves sample imagery without faults, over plain HTTP.
type Options struct {
	Addr  string       // address to listen on; "": a free port of 127.0.0.1
	Pipes *Pipes       // in place of a network; nil: none
	TLS   bool         // serve HTTPS, with HTTP/2 if the client wants it; see Server.CertPool
	Image fetch.Source // imagery; its ErrNoImagery becomes 404. nil: fetch.Sample()
	Fault Faults       // nil: none

	// Properties of the server and the network, whatever the answer.
	Latency time.Duration // before every answer; Fault.Delay comes on top
	Rate    float64       // requests a second; beyond, 429 with Retry-After: 1. 0: no limit
	// bytes a second of all answers together, TLS and headers included. 0: no limit
	Bandwidth float64
}

// Server is an imagery server. Safe for concurrent use.
type Server struct {
	listener net.Listener
	server   *http.Server
	tls      *identity // nil: plain
	fault    atomic.Pointer[Faults]
	images   fetch.Source
	latency  time.Duration
	quota    quota
	line     *line
	grid     grid
	closing  chan struct{} // ends stalls
	working  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[string]bool // the clients' addresses of connections
	asked  map[tiles.Chunk]int
	stats  Stats
}

// Stats counts the requests of a Server.
type Stats struct {
	Requests    int
	Distinct    int         // chunks
	ByStatus    map[int]int // answers; those without a status under 0
	InFlight    int         // current
	MaxInFlight int
	Connections int   // ever opened
	Bytes       int64 // sent, TLS and headers included
}

// NewServer returns a running Server. Like httptest's, it panics if it cannot listen: see Listen.
func NewServer(o Options) *Server {
	s, err := Listen(o)
	if err != nil {
		panic(err)
	}
	return s
}

// Listen returns a running Server, which the caller must Close.
func Listen(o Options) (*Server, error) {
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	if o.Image == nil {
		o.Image = fetch.Sample()
	}
	s := &Server{
		images: cached(o.Image), latency: o.Latency, quota: quota{perSecond: o.Rate},
		line:    &line{perSecond: o.Bandwidth, conns: map[*lineConn]bool{}},
		closing: make(chan struct{}), open: map[string]bool{}, asked: map[tiles.Chunk]int{}, stats: Stats{
			ByStatus: map[int]int{}},
	}
	s.SetFault(o.Fault)
	s.grid.server = s
	mux := http.NewServeMux()
	s.grid.handle(mux)
	mux.HandleFunc("GET /{z}/{x}/{y}", s.serve(byXYZ, s.images.Fetch))
	mux.HandleFunc("GET /arcgis/rest/services/Test/MapServer/tile/{z}/{y}/{x}",
		s.serve(byXYZ, s.images.Fetch))
	mux.HandleFunc("GET /quad/{quadkey}", s.serve(byQuadkey, s.images.Fetch))
	mux.HandleFunc("GET /moved/here/{z}/{x}/{y}", s.serveMoved)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ConnState: s.count}
	var err error
	if o.TLS {
		if s.tls, err = newIdentity(); err != nil {
			return nil, fmt.Errorf("fetchtest: make a certificate: %w", err)
		}
		s.server.TLSConfig = s.tls.config()
		s.server.ErrorLog = log.New(io.Discard, "", 0) // aborted handshakes are not news
	}
	var listener net.Listener = o.Pipes
	if o.Pipes == nil {
		listener, err = net.Listen("tcp", o.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("fetchtest: listen: %w", err)
	}
	s.listener = lineListener{listener, s.line}
	s.working.Go(func() { // returns after Close
		if o.TLS {
			_ = s.server.ServeTLS(s.listener, "", "")
		} else {
			_ = s.server.Serve(s.listener)
		}
	})
	return s, nil
}

// Close ends the server and all requests in progress, and waits for them.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	close(s.closing)
	_ = s.server.Close()
	s.working.Wait()
}

// SetFault changes how requests are answered from now on; nil: no faults.
func (s *Server) SetFault(f Faults) {
	if f == nil {
		f = Always(OK)
	}
	s.fault.Store(&f)
}

// Cut makes every existing connection dead, without notice to either side. New ones work.
func (s *Server) Cut() { s.line.cut() }

// URL returns the server's root, without a trailing slash.
func (s *Server) URL() string {
	if s.tls != nil {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// Template returns the URL template of its imagery.
func (s *Server) Template() string { return s.URL() + "/{z}/{x}/{y}.jpg" }

// QuadkeyTemplate returns the template of the same imagery with addresses like Bing's.
func (s *Server) QuadkeyTemplate() string { return s.URL() + "/quad/a{quadkey}.jpeg" }

// ArcGISTemplate returns the template of the same imagery with addresses like ArcGIS'.
func (s *Server) ArcGISTemplate() string {
	return s.URL() + "/arcgis/rest/services/Test/MapServer/tile/{z}/{y}/{x}"
}

// Provider returns the provider of Template.
func (s *Server) Provider() fetch.Provider {
	p, err := fetch.LookupProvider(s.Template())
	if err != nil {
		panic(err) // a bug: the template is ours
	}
	return p
}

// CertPool returns the certificates that a client of the server must trust; nil for a plain one.
func (s *Server) CertPool() *x509.CertPool {
	if s.tls == nil {
		return nil
	}
	return s.tls.pool()
}

// CertPEM returns the same as a PEM file, for SSL_CERT_FILE; nil for a plain server.
func (s *Server) CertPEM() []byte {
	if s.tls == nil {
		return nil
	}
	return s.tls.pem()
}

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Bytes = s.line.bytes()
	stats.Distinct = len(s.asked)
	stats.ByStatus = maps.Clone(s.stats.ByStatus)
	return stats
}

// Asked returns how often c has been asked for.
func (s *Server) Asked(c tiles.Chunk) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[c]
}

// AskedFor returns every chunk asked for, and how often.
func (s *Server) AskedFor() map[tiles.Chunk]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

func (s *Server) count(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.stats.Connections++
		s.open[c.RemoteAddr().String()] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.open, c.RemoteAddr().String())
	}
}

// Settle waits until all connections have ended, once their clients have. A request of a process
// that has ended or was killed may not have been read yet, and would be counted at any time after.
func (s *Server) Settle(within time.Duration) error {
	// Connections are taken in their order: once this one is, so are those that came before it.
	last, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		return fmt.Errorf("fetchtest: %w", err)
	}
	defer func() { _ = last.Close() }()
	for end := time.Now().Add(within); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		only := len(s.open) == 1 && s.open[last.LocalAddr().String()]
		s.mu.Unlock()
		switch {
		case only:
			return nil
		case time.Now().After(end):
			return errors.New("fetchtest: connections that do not end: a client is at work")
		}
	}
}

// visit is a request in progress.
type visit struct {
	server  *Server
	attempt int // how often its chunk was asked for before
	counted bool
}

// arrive counts a request, which must leave. ok is false if the server is closing.
func (s *Server) arrive(c tiles.Chunk) (v *visit, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false
	}
	s.working.Add(1)
	v = &visit{server: s, attempt: s.asked[c]}
	s.asked[c]++
	s.stats.Requests++
	s.stats.InFlight++
	s.stats.MaxInFlight = max(s.stats.MaxInFlight, s.stats.InFlight)
	return v, true
}

// answer counts the answer. It must be called before the last byte is sent: after that, the client
// may already send the next request.
func (v *visit) answer(status int) {
	if v.counted {
		return
	}
	v.counted = true
	s := v.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.InFlight--
	s.stats.ByStatus[status]++
}

func (v *visit) leave() {
	v.answer(0)
	v.server.working.Done()
}

func byXYZ(r *http.Request) (tiles.Chunk, bool) {
	number := func(name string, bits int) (uint32, bool) {
		text, _, _ := strings.Cut(r.PathValue(name), ".")
		n, err := strconv.ParseUint(text, 10, bits)
		return uint32(n), err == nil
	}
	z, okZ := number("z", 5)
	x, okX := number("x", 32)
	y, okY := number("y", 32)
	return tiles.Chunk{Z: tiles.ZL(z), X: x, Y: y}, okZ && okX && okY && x>>z == 0 && y>>z == 0
}

func byQuadkey(r *http.Request) (tiles.Chunk, bool) {
	text, _, _ := strings.Cut(strings.TrimPrefix(r.PathValue("quadkey"), "a"), ".")
	c := tiles.Chunk{Z: tiles.ZL(len(text))}
	for _, digit := range text {
		if digit < '0' || digit > '3' {
			return c, false
		}
		c.X, c.Y = c.X<<1|uint32(digit-'0')&1, c.Y<<1|uint32(digit-'0')>>1
	}
	return c, len(text) <= 31
}
