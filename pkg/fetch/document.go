package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Document is the answer to a request for something that is not imagery.
type Document struct {
	Status int
	Body   []byte
}

// Document asks for what is at address, once: a file of at most so many bytes that is not imagery,
// such as a flight plan. Answers of any status are returned. The error does not contain the query,
// which may be private.
func (c *Client) Document(ctx context.Context, address string, most int64) (d Document, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return d, err
	}
	request.Header.Set("User-Agent", c.options.UserAgent)
	c.stats.requests.Add(1)
	answer, err := c.http.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = ErrTimeout
		}
		return d, fmt.Errorf("%s: %w", request.URL.Host, err)
	}
	defer func() { _ = answer.Body.Close() }()
	d.Status = answer.StatusCode
	d.Body, err = io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return d, fmt.Errorf("%s: %w", request.URL.Host, ErrTimeout)
	case err != nil:
		return d, fmt.Errorf("%s: %w", request.URL.Host, err)
	case int64(len(d.Body)) > most:
		return d, fmt.Errorf("%s: its answer is larger than %d MiB", request.URL.Host, most>>20)
	}
	c.stats.bytes.Add(int64(len(d.Body)))
	anything := func([]byte) error { return ErrBody } // there is no telling by the content
	d.Body, err = inflated(answer.Header.Get("Content-Encoding"), d.Body, most, anything)
	return d, err
}
