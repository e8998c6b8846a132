package fetch

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// MaxConcurrency is the most requests that a process may ever have in flight.
const MaxConcurrency = 256

// DefaultConcurrency returns the meaning of ClientOptions.Concurrency 0 on this machine.
func DefaultConcurrency() int { return min(16*runtime.NumCPU(), MaxConcurrency) }

// ClientOptions tune a Client. The zero value is ready to use.
type ClientOptions struct {
	// Concurrency is how many requests may be in flight at once, for all sources. 0:
	// DefaultConcurrency. At most MaxConcurrency.
	Concurrency int
	// Timeout bounds one attempt, from asking for a connection to the last byte of the body.
	// 0: 20 s.
	Timeout time.Duration
	// Retries is how often a chunk is retried at most before it counts as failed: less often while
	// retries do not help, and once more if only that tells a chunk from an outage. 0: 6;
	// negative: never.
	Retries int
	// Backoff is the longest wait before the first retry; it doubles with each further one, up to
	// 30 s, and the actual wait is random below it. 0: 250 ms.
	Backoff time.Duration
	// MaxRetryAfter is the longest Retry-After that is obeyed. 0: 2 minutes.
	MaxRetryAfter time.Duration
	// Rate limits the requests a second to any host. 0: as many as it accepts.
	Rate float64
	// Patience is how long fetching waits for a host that has stopped answering before its chunks
	// fail with ErrDown; at most half a minute if the host has never answered. 0: 10 minutes;
	// negative: no waiting.
	Patience time.Duration
	// OnOutage is called when a host stops answering and when it answers again. nil: not called.
	OnOutage func(Outage)
	// Token returns the API token of a provider that has none in the environment, or "". nil: none.
	Token func(providerID string) string
	// Allow is asked before every request to a provider that takes only so many a day
	// (Provider.RequestsADay). Its error ends the asking as an outage does, with ErrDown. nil: all
	// are allowed.
	Allow func(ctx context.Context, p Provider) error
	// Pace is called before every request, once its turn has come, and may make it wait: for a
	// limit that processes share. done is called when the request has ended. nil: no further limit.
	Pace func(ctx context.Context, host string) (done func(), err error)
	// Answered is called with the header of every answer of status 200. Called from many
	// goroutines. nil: no check.
	Answered func(http.Header)
	// UserAgent is sent unless the provider sets one. "": "xelpack".
	UserAgent string
	// Check checks each body that has passed CheckTile; an error counts as a bad body, and the
	// chunk is retried. It is called from many goroutines. nil: no further check.
	Check func(body []byte) error
	// Observer receives every attempt and every chunk. nil: none, at no cost.
	Observer Observer
	// Beside is another Client of the process, with which this one shares connections and the limit
	// on requests in flight. nil: it has its own.
	Beside *Client
	// RootCAs are trusted for TLS. nil: the system's.
	RootCAs *x509.CertPool
}

// Outage is an event: a host has stopped answering, or answers again.
type Outage struct {
	Host   string
	Down   bool
	Cause  error         // the latest failure, if it is down
	Lasted time.Duration // duration, if it is over
}

func (o ClientOptions) withDefaults() ClientOptions {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency()
	}
	o.Concurrency = min(o.Concurrency, MaxConcurrency)
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	switch {
	case o.Retries == 0:
		o.Retries = 6
	case o.Retries < 0:
		o.Retries = 0
	}
	if o.Backoff <= 0 {
		o.Backoff = 250 * time.Millisecond
	}
	if o.MaxRetryAfter <= 0 {
		o.MaxRetryAfter = 2 * time.Minute
	}
	o.Patience = cmp.Or(o.Patience, 10*time.Minute)
	o.UserAgent = cmp.Or(o.UserAgent, "xelpack")
	return o
}

// Client has what all fetching of a process shares: connections, the limit on requests in flight,
// counters. Safe for concurrent use.
type Client struct {
	options   ClientOptions
	http      *http.Client
	transport *http.Transport
	dialer    *dialer
	gate      *gate // requests in flight
	sample    *sample
	first     perHost[*firstRequest]
	hosts     perHost[*throttle]
	files     openFiles
	stats     counters
	closed    atomic.Bool
	wait      sleeper
}

// NewClient returns a Client, which the caller must Close.
func NewClient(o ClientOptions) *Client {
	o = o.withDefaults()
	dialer := newDialer()
	transport := newTransport(o, dialer)
	c := &Client{
		options:   o,
		transport: transport,
		dialer:    dialer,
		http: &http.Client{Transport: transport, CheckRedirect: redirectPolicy(o.UserAgent),
			Jar: &cookies{}},
		gate:   newGate(o.Concurrency),
		sample: newSample(),
		wait:   sleep,
	}
	if b := o.Beside; b != nil {
		c.transport, c.dialer, c.gate = b.transport, b.dialer, b.gate
		c.http.Transport = b.transport
	}
	return c
}

func newTransport(o ClientOptions, dialer *dialer) *http.Transport {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: o.Timeout * 3 / 4,
		ForceAttemptHTTP2:     true,
		// Every slot may keep its HTTP/1.1 connection, so that none is closed and opened again.
		MaxIdleConns:        2 * MaxConcurrency,
		MaxIdleConnsPerHost: o.Concurrency,
		MaxConnsPerHost:     min(o.Concurrency, cap(dialer.open)),
		IdleConnTimeout:     90 * time.Second,
		// Imagery does not compress, so no encoding is requested. Some servers compress anyway; see
		// inflated.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
		// A dead connection is noticed in half the time-out of its requests, and these are repeated
		// on another. None is dead because a ping takes a moment, however short the time-out.
		HTTP2: &http.HTTP2Config{SendPingTimeout: o.Timeout / 4,
			PingTimeout: max(o.Timeout/8, time.Second)},
	}
	dialer.closeIdle = transport.CloseIdleConnections
	return transport
}

// Source returns the source of p's tiles: validated, retried, limited and counted. It never fails
// by itself: errors about p come from every Fetch. Sources of one host share what is known of it.
func (c *Client) Source(p Provider) Source {
	s := &clientSource{client: c, provider: p.ID}
	path, isFile := p.MBTiles()
	switch {
	case p.ID == providers.SampleID:
		s.next = c.sample
	case isFile:
		s.next = c.files.open(path, p.TilePixels(), c.options.Check)
	default:
		t, token, err := p.Resolve(c.options.Token)
		if err != nil {
			s.unusable = err
			break
		}
		t.Bound(&p)
		s.host = t.Host
		s.next = c.retried(newHTTPSource(c, p, t, token), t.Host, c.throttleOf(p, t.Host), c.allowance(p))
	}
	n := tiles.ZL(p.TileLevels())
	s.minZL, s.maxZL = max(p.MinZL, n)-n, max(p.MaxZL, n)-n
	return s
}

// allowance returns what lets requests to p be made, or nil.
func (c *Client) allowance(p Provider) func(context.Context) error {
	if c.options.Allow == nil || p.RequestsADay == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		err := c.options.Allow(ctx, p)
		if err == nil || ctx.Err() != nil {
			return err
		}
		return &allowanceError{err}
	}
}

// pace returns what makes requests to a host wait for a shared limit; nil: nothing does.
func (c *Client) pace(host string) func(context.Context) (func(), error) {
	if c.options.Pace == nil {
		return nil
	}
	return func(ctx context.Context) (func(), error) {
		done, err := c.options.Pace(ctx, host)
		if err != nil && ctx.Err() == nil {
			err = &allowanceError{err}
		}
		return done, err
	}
}

// allowanceError is an ErrDown: nothing more is to be had, and waiting does not help.
type allowanceError struct{ cause error }

func (e *allowanceError) Error() string   { return e.cause.Error() }
func (e *allowanceError) Unwrap() []error { return []error{ErrDown, e.cause} }

// retried returns s, which makes one request per Fetch, with the limits of its host and the
// process, and with retries.
func (c *Client) retried(s Source, name string, host *throttle, allow func(context.Context) error) Source {
	s = &attempting{
		next: s, host: host, gate: c.gate, allow: allow, pace: c.pace(name), maxRetryAfter: c.options.MaxRetryAfter, sent: &c.stats.requests, hedged: &c.stats.hedges,
	}
	return &retrying{
		next: s, retries: c.options.Retries, backoff: c.options.Backoff, maxRetryAfter: c.options.MaxRetryAfter,
		wait: c.wait, retried: &c.stats.retries, host: host, budget: newBudget(host),
	}
}

// Candidates sets chunks to be requested when p's host seems not to answer, most likely ones first:
// those answered in an earlier run, or ones that lie far apart. Without them a run that has only
// failing chunks left could not tell them from an outage.
func (c *Client) Candidates(p Provider, chunks ...tiles.Chunk) {
	if t, _, err := p.Resolve(c.options.Token); err == nil { // others have no host
		asked := make([]tiles.Chunk, len(chunks))
		for i, chunk := range chunks {
			asked[i] = p.Tile(chunk)
		}
		c.throttleOf(p, t.Host).candidate(asked)
	}
}

// throttleOf returns the limiter of requests to host, p's.
func (c *Client) throttleOf(p Provider, host string) *throttle {
	ceiling, perSecond := c.ceilings(p)
	t := c.hosts.of(host, func() *throttle { return c.newThrottle(host, ceiling, perSecond) })
	t.lower(ceiling, perSecond)
	return t
}

// ceilings returns how many requests at once and per second p's host gets at most; 0 per second: as
// many as it accepts.
func (c *Client) ceilings(p Provider) (atOnce int, perSecond float64) {
	atOnce, perSecond = c.options.Concurrency, c.options.Rate
	if p.Concurrency > 0 {
		atOnce = min(atOnce, p.Concurrency)
	}
	if p.Rate > 0 && (perSecond <= 0 || p.Rate < perSecond) {
		perSecond = p.Rate
	}
	return atOnce, perSecond
}

func (c *Client) newThrottle(host string, ceiling int, perSecond float64) *throttle {
	t := newThrottle(ceiling, perSecond, c.options.Timeout, c.options.Patience)
	t.notify = func(down bool, cause error, lasted time.Duration) {
		if down {
			c.stats.outages.Add(1)
		}
		if tell := c.options.OnOutage; tell != nil {
			tell(Outage{Host: host, Down: down, Cause: cause, Lasted: lasted})
		}
	}
	return t
}

// Stats returns the totals so far.
func (c *Client) Stats() Stats { return c.stats.snapshot() }

// Close ends the use of the Client: sources fail with ErrClosed, idle connections are closed.
// Fetches in progress run to their end, or their context's.
func (c *Client) Close() {
	c.closed.Store(true)
	c.transport.CloseIdleConnections()
	c.files.close()
}

// openFiles are the MBTiles files that sources read from.
type openFiles struct {
	mu   sync.Mutex
	list []*mbtilesSource
}

func (f *openFiles) open(path string, side int, check func([]byte) error) Source {
	s := &mbtilesSource{chunkfile.File{Path: path, Side: side}, check}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, s)
	return s
}

func (f *openFiles) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.list {
		_ = s.Close() // read only: nothing can be lost
	}
	f.list = nil
}
