package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Errors of Range, besides those of Fetch.
var (
	// ErrNoRanges means that the server sends whole files only.
	ErrNoRanges = errors.New("the server does not send parts of a file")
	// ErrRange means that an answer was not the part that was asked for.
	ErrRange = errors.New("not the part of the file that was asked for")
)

// RemoteFile is what an answer says of the whole file that it is a part of.
type RemoteFile struct {
	Size     int64
	ETag     string // as sent, perhaps weak; "": none
	Modified string // Last-Modified as sent; "": none
	Host     string // that answered, after redirects
}

// validator returns what If-Range may hold: no weak tag.
func (f RemoteFile) validator() string {
	if f.ETag != "" && !strings.HasPrefix(f.ETag, "W/") {
		return f.ETag
	}
	return f.Modified
}

// RangeRequest asks for the bytes from From to To, exclusively, of the file at URL. An answer may
// end earlier where the file does.
type RangeRequest struct {
	URL      string
	From, To int64
	Known    RemoteFile // what was said of the file before; zero: nothing
	// Check is called with what every answer says, before Sink; its error is final. nil: none.
	Check func(RemoteFile) error
	// Sink gets the bytes in order, each once, in pieces of rangeBuffer or less. Its error is
	// final.
	Sink func(p []byte) error
}

// rangeBuffer is how much of a body is read before it is passed on.
const rangeBuffer = 256 << 10

// Range requests a part of a file, within the process's limit on requests in flight. A request that
// is broken off is repeated from where it was, as often as anything came or as a chunk would be.
// The deadline of an attempt is for its first byte and for every further piece.
func (c *Client) Range(ctx context.Context, r RangeRequest) error {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" {
		return errors.New("not a URL")
	}
	a := ranging{RangeRequest: r, client: c, url: u}
	a.secrets = secretsOf(u)
	retry := retrying{backoff: c.options.Backoff, maxRetryAfter: c.options.MaxRetryAfter}
	for attempt := 0; ; attempt++ {
		before := a.From
		err := a.attempt(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil || !retryable(err) {
			return err
		}
		if a.From > before {
			attempt = 0
		}
		if attempt >= c.options.Retries {
			return fmt.Errorf("%w (asked %d times)", err, attempt+1)
		}
		c.stats.retries.Add(1)
		if errWait := c.wait(ctx, retry.delay(attempt, err)); errWait != nil {
			return errWait
		}
	}
}

// secretsOf returns what of an address must not be shown, wherever an answer repeats it.
func secretsOf(u *url.URL) (secrets []string) {
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, password, url.QueryEscape(password))
	}
	const short = 4 // would be hidden in other words too
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= short {
				secrets = append(secrets, v, url.QueryEscape(v))
			}
		}
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
}

// ranging is a RangeRequest in work; From moves on with what came.
type ranging struct {
	RangeRequest
	client  *Client
	url     *url.URL
	secrets []string
}

// attempt makes requests until the file or the range ends.
func (a *ranging) attempt(ctx context.Context) error {
	for a.From < a.To {
		size, err := a.once(ctx)
		if err != nil {
			return err
		}
		if a.From >= size {
			return nil
		}
	}
	return nil
}

// once makes one request, and returns the size of the file.
func (a *ranging) once(ctx context.Context) (size int64, err error) {
	c := a.client
	if c.closed.Load() {
		return 0, ErrClosed
	}
	if err := c.gate.enter(ctx); err != nil {
		return 0, err
	}
	defer c.gate.leave()
	attempt, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(c.options.Timeout, cancel)
	defer silence.Stop()
	defer func() {
		if err != nil && attempt.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w (nothing came for %v)", ErrTimeout, c.options.Timeout)
		}
	}()
	res, err := a.send(attempt)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	file, length, err := a.examine(res)
	if err != nil {
		return 0, err
	}
	return file.Size, a.take(res.Body, length, func() { silence.Reset(c.options.Timeout) })
}

func (a *ranging) send(ctx context.Context) (*http.Response, error) {
	c := a.client
	trace := &httptrace.ClientTrace{WroteHeaders: func() { c.stats.requests.Add(1) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet,
		a.URL, nil)
	if err != nil {
		return nil, errors.New("not a URL") // err would show it
	}
	req.Header = http.Header{"User-Agent": {c.options.UserAgent}, "Accept-Encoding": {"identity"},
		"Range": {fmt.Sprintf("bytes=%d-%d", a.From, a.To-1)}}
	if v := a.Known.validator(); v != "" {
		req.Header.Set("If-Range", v)
	}
	done, err := c.first.of(a.url.Host, newFirstRequest).enter(ctx)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	done()
	if err != nil {
		return nil, (&httpSource{secrets: a.secrets}).describe(err)
	}
	return res, nil
}

// examine says what is wrong with an answer, or how many bytes of which file its body must have.
func (a *ranging) examine(res *http.Response) (file RemoteFile, length int64, err error) {
	file = RemoteFile{ETag: res.Header.Get("ETag"), Modified: res.Header.Get("Last-Modified"),
		Host: res.Request.URL.Host}
	switch res.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK:
		// the whole of another file, if the condition of If-Range was not met
		file.Size = res.ContentLength
		if err := a.check(file); err != nil {
			return file, 0, err
		}
		if coding := res.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
			return file, 0, fmt.Errorf("%w: it or a proxy compresses the file (%.20q)", ErrNoRanges, coding)
		}
		if file.Size == 0 {
			return file, 0, fmt.Errorf("%w: the file is empty", ErrNoRanges)
		}
		beginning, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		if text := (&httpSource{secrets: a.secrets}).shownText(beginning); text != "" {
			return file, 0, fmt.Errorf("%w: it answers %s", ErrNoRanges, text)
		}
		return file, 0, ErrNoRanges
	default:
		_, _ = io.CopyN(io.Discard, res.Body, maxDrained)
		return file, 0, &StatusError{Code: res.StatusCode,
			RetryAfter: retryAfter(res.Header, time.Now())}
	}
	if coding := res.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return file, 0, fmt.Errorf("%w: it is compressed (%.20q); the server or a proxy must not "+
			"compress it", ErrRange, coding)
	}
	from, to, size, ok := contentRange(res.Header.Get("Content-Range"))
	if !ok || from != a.From || to > a.To || res.ContentLength >= 0 &&
		res.ContentLength != to-from {
		return file, 0, fmt.Errorf("%w: asked for bytes %d to %d, got %.60q with %d bytes", ErrRange,
			a.From, a.To-1, res.Header.Get("Content-Range"), res.ContentLength)
	}
	file.Size = size
	return file, to - from, a.check(file)
}

func (a *ranging) check(f RemoteFile) error {
	if a.Check == nil {
		return nil
	}
	return a.Check(f)
}

// take passes a body of so many bytes on. alive is called for every piece.
func (a *ranging) take(body io.Reader, length int64, alive func()) error {
	buf := rangeBuffers.Get().(*[rangeBuffer]byte)
	defer rangeBuffers.Put(buf)
	for length > 0 {
		n, err := fillBuffer(body, buf[:min(length, rangeBuffer)], alive)
		a.client.stats.bytes.Add(int64(n))
		if n > 0 {
			if errSink := a.Sink(buf[:n]); errSink != nil {
				return errSink
			}
			a.From, length = a.From+int64(n), length-int64(n)
		}
		if err != nil && length > 0 {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return (&httpSource{secrets: a.secrets}).describe(err)
		}
	}
	return nil
}

// fillBuffer is io.ReadFull that says alive whenever something came.
func fillBuffer(from io.Reader, p []byte, alive func()) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		if k, err = from.Read(p[n:]); k > 0 {
			alive()
		}
		n += k
	}
	return n, err
}

var rangeBuffers = sync.Pool{New: func() any { return new([rangeBuffer]byte) }}

// contentRange reads "bytes 0-99/1000"; to is exclusive.
func contentRange(s string) (from, to, size int64, ok bool) {
	unit, rest, _ := strings.Cut(s, " ")
	part, whole, _ := strings.Cut(rest, "/")
	first, last, _ := strings.Cut(part, "-")
	from, err1 := strconv.ParseInt(first, 10, 64)
	to, err2 := strconv.ParseInt(last, 10, 64)
	size, err3 := strconv.ParseInt(whole, 10, 64)
	ok = strings.EqualFold(unit, "bytes") && err1 == nil && err2 == nil && err3 == nil &&
		from >= 0 && to >= from && to < size
	return from, to + 1, size, ok
}
