package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/xelpack/xelpack/pkg/tiles"
)

var (
	_ Source = (*counting)(nil)
	_ Source = (*labelled)(nil)
	_ Source = (*bounded)(nil)
	_ Source = (*retrying)(nil)
	_ Source = (*validating)(nil)
	_ Source = (*attempting)(nil)
	_ Source = (*httpSource)(nil)
	_ Source = (*sample)(nil)
	_ Source = (*mbtilesSource)(nil)
	_ Source = broken{}
)

// Stats counts what a Client has done since it was made.
type Stats struct {
	Requests        int64 // sent, retries and redirects included
	Retries         int64 // chunks asked for again, by us
	Hedges          int64 // stragglers asked for a second time beside the first
	Outages         int64 // times that a host stopped answering
	BytesDownloaded int64 // of bodies, whatever was in them
	OK              int64 // chunks by outcome
	NoImagery       int64
	Failed          int64 // without those whose caller went away
}

type counters struct {
	requests, retries, hedges, outages, bytes, ok, noImagery, failed atomic.Int64
}

func (c *counters) snapshot() Stats {
	return Stats{
		Requests: c.requests.Load(), Retries: c.retries.Load(), Hedges: c.hedges.Load(), Outages: c.outages.Load(), BytesDownloaded: c.bytes.Load(),
		OK: c.ok.Load(), NoImagery: c.noImagery.Load(), Failed: c.failed.Load(),
	}
}

// counting counts outcomes.
type counting struct {
	next     Source
	counters *counters
}

func (s *counting) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	body, err := s.next.Fetch(ctx, c)
	switch {
	case err == nil:
		s.counters.ok.Add(1)
	case errors.Is(err, ErrNoImagery):
		s.counters.noImagery.Add(1)
	case ctx.Err() == nil:
		s.counters.failed.Add(1)
	}
	return body, err
}

// labelled makes every error an *Error.
type labelled struct {
	next           Source
	provider, host string
}

func (s *labelled) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	body, err := s.next.Fetch(ctx, c)
	if err != nil {
		return nil, &Error{Provider: s.provider, Host: s.host, Chunk: c, Err: err}
	}
	return body, nil
}

// bounded lets through only what can be asked for.
type bounded struct {
	next         Source
	minZL, maxZL tiles.ZL
	closed       *atomic.Bool // may be nil
}

func (s *bounded) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	switch {
	case s.closed != nil && s.closed.Load():
		return nil, ErrClosed
	case c.Z < s.minZL || c.Z > s.maxZL:
		return nil, fmt.Errorf("%w: it has %d to %d", ErrZoom, s.minZL, s.maxZL)
	case uint64(c.X)>>c.Z != 0 || uint64(c.Y)>>c.Z != 0:
		return nil, errors.New("there is no such chunk")
	}
	return s.next.Fetch(ctx, c)
}

// validating turns bodies that are not imagery into ErrBody.
type validating struct {
	next     Source
	jpegOnly bool
	check    func([]byte) error // may be nil
}

func (s *validating) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	body, err := s.next.Fetch(ctx, c)
	if err != nil {
		return nil, err
	}
	check := CheckImage
	if s.jpegOnly {
		check = CheckJPEG
	}
	if err := check(body); err != nil {
		return nil, err
	}
	if s.check != nil {
		if err := s.check(body); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBody, err)
		}
	}
	return body, nil
}

// broken is the source of a provider that cannot be asked.
type broken struct{ err error }

func (s broken) Fetch(context.Context, tiles.Chunk) ([]byte, error) { return nil, s.err }
