package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	maxDrained   = 16 << 10
	maxRedirects = 5
)

// httpSource requests from a provider's server, one request per Fetch.
type httpSource struct {
	client   *Client
	template *providers.Template
	token    string // escaped for the URL
	secrets  []string
	header   http.Header
	rules    []providers.NoImageryRule
	check    func(body []byte) error
	maxBody  int64
	trace    *httptrace.ClientTrace
}

func newHTTPSource(c *Client, p Provider, t *providers.Template, tok string) *httpSource {
	s := &httpSource{
		client: c, template: t, token: url.QueryEscape(
			tok), rules: p.NoImagery, maxBody: chunkfile.MaxBody(p.TilePixels()),
		check: func(body []byte) error { return CheckTile(body, p.TilePixels()) },
		header: http.Header{"User-Agent": {c.options.UserAgent},
			"Accept": {"image/jpeg,image/*;q=0.8"}},
	}
	if p.JPEGOnly {
		s.check = func(body []byte) error { return checkJPEG(body, p.TilePixels()) }
	}
	// Counted where it is sent: net/http follows redirects, and repeats a request itself if an idle
	// connection turns out to be closed.
	s.trace = &httptrace.ClientTrace{WroteHeaders: func() { c.stats.requests.Add(1) }}
	for name, value := range p.Headers {
		s.header.Set(name, value)
	}
	if tok != "" {
		s.secrets = []string{tok, s.token}
	}
	return s
}

// Fetch makes one attempt, and reports it.
func (s *httpSource) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	started := time.Now()
	body, err := s.fetch(ctx, c)
	if err == nil {
		body, err = usable(body, s.check, s.client.options.Check)
	}
	if o := s.client.options.Observer; o != nil {
		o.Attempted(s.template.Host, OutcomeOf(err), time.Since(started))
	}
	return body, err
}

// fetch gives an attempt a deadline, which covers the whole body.
func (s *httpSource) fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	timeout := s.client.options.Timeout
	attempt, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, err := s.attempt(attempt, c)
	switch {
	case err == nil:
		return body, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case attempt.Err() != nil:
		return nil, fmt.Errorf("%w (%v)", ErrTimeout, timeout)
	}
	return nil, err
}

func (s *httpSource) attempt(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, s.trace), http.MethodGet,
		s.template.URL(c, s.token), nil)
	if err != nil {
		// err would show it
		return nil, fmt.Errorf("%w: its result for this chunk is not a URL", providers.ErrTemplate)
	}
	req.Header = s.header.Clone()
	done, err := s.client.first.of(req.URL.Host, newFirstRequest).enter(ctx)
	if err != nil {
		return nil, err
	}
	res, err := s.client.http.Do(req)
	done()
	if err != nil {
		return nil, s.describe(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		// The body is read so that the connection can be reused; neither its content nor an error
		// matters.
		n, _ := io.CopyN(io.Discard, res.Body, maxDrained)
		s.client.stats.bytes.Add(n)
		err := error(&StatusError{Code: res.StatusCode,
			RetryAfter: retryAfter(res.Header, time.Now())})
		if s.token != "" && errors.Is(err, ErrRefused) {
			err = fmt.Errorf("%w (check the API token)", err)
		}
		return nil, err
	}
	body, err := readBody(res, s.maxBody)
	s.client.stats.bytes.Add(int64(len(body)))
	if err != nil {
		return nil, s.describe(err)
	}
	if body, err = inflated(res.Header.Get("Content-Encoding"), body, s.maxBody,
		s.check); err != nil {
		return nil, err
	}
	if s.client.options.Answered != nil {
		s.client.options.Answered(res.Header)
	}
	for _, rule := range s.rules {
		if rule.Match(res.Header, body) {
			return nil, fmt.Errorf("%w: the provider's placeholder", ErrNoImagery)
		}
	}
	if answerText(body) != "" {
		return nil, fmt.Errorf("%w: %s", ErrBody, s.shownText(body))
	}
	return dated(body, CapturedBy(res.Header)), nil
}

// readBody returns what could be read, also with an error. It reads to the very end: an HTTP/2 body
// that is closed just before it resets its stream, and servers count resets.
func readBody(res *http.Response, most int64) ([]byte, error) {
	if res.ContentLength > most {
		return nil, tooLong(most)
	}
	var body bytes.Buffer
	if res.ContentLength > 0 {
		body.Grow(int(res.ContentLength) + bytes.MinRead)
	}
	_, err := body.ReadFrom(io.LimitReader(res.Body, most+1))
	if err == nil && int64(body.Len()) > most {
		err = tooLong(most)
	}
	return body.Bytes(), err
}

func tooLong(most int64) error {
	return fmt.Errorf("%w: longer than %d MiB", ErrBody, most>>20)
}

// lostPing is net/http's error, of no type, for an HTTP/2 connection that carried nothing, nor the
// answer to a ping. Over HTTP/1.1 the same silence ends as a time-out, and on a busy machine the
// two race.
const lostPing = "http2: client connection lost"

// describe makes an error of net/http fit to be shown and judged: without the URL, which may
// contain a token, and as ErrNetwork if a retry may help.
func (s *httpSource) describe(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	timeout, ok := errors.AsType[net.Error](err)
	if ok && timeout.Timeout() || strings.HasSuffix(err.Error(), lostPing) {
		// Without the chain: net's time-outs claim to be the context's.
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			return fmt.Errorf("%w: %s", ErrTimeout, s.withoutSecrets(err.Error()))
		}
		return fmt.Errorf("%w (nothing came)", ErrTimeout)
	}
	final := isFinal(err)
	// its chain would show the secret
	if text := s.withoutSecrets(err.Error()); text != err.Error() {
		err = errors.New(text)
	}
	if final || errors.Is(err, ErrBody) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNetwork, err)
}

func (s *httpSource) withoutSecrets(text string) string {
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "…")
	}
	return text
}

// shownText is answerText without secrets, of which its end would otherwise cut one in two.
func (s *httpSource) shownText(body []byte) string {
	return answerText([]byte(s.withoutSecrets(string(body[:min(len(body), mostText)]))))
}

// isFinal reports whether err, of net/http, would be the same at every retry.
func isFinal(err error) bool {
	if errors.Is(err, errRedirect) || errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err) // not a TLS server
	return ok
}

var errRedirect = errors.New("redirect not followed")

// redirectPolicy follows a few redirects, never from TLS to plain, and sends another host only
// userAgent and which part of a file is wanted.
func redirectPolicy(userAgent string) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return fmt.Errorf("%w: more than %d times", errRedirect, maxRedirects)
		case req.URL.Scheme != "http" && req.URL.Scheme != "https":
			return fmt.Errorf("%w: not to HTTP", errRedirect)
		case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme == "http":
			return fmt.Errorf("%w: from https to http", errRedirect)
		}
		req.Header.Del("Referer") // net/http puts the whole URL there, token included
		if !strings.EqualFold(req.URL.Host, via[0].URL.Host) {
			kept := http.Header{"User-Agent": {userAgent}}
			for _, name := range [...]string{"Range", "If-Range", "Accept-Encoding"} {
				if v := req.Header.Values(name); len(v) > 0 {
					kept[name] = v
				}
			}
			req.Header = kept
		}
		return nil
	}
}
