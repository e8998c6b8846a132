package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// clientSource is the outermost layer of a Client's source. It admits only chunks that can be
// requested, makes every error an *Error, and counts and reports each outcome.
type clientSource struct {
	client         *Client
	next           Source
	unusable       error // why the provider cannot be used; then next is nil
	provider, host string
	minZL, maxZL   tiles.ZL
}

func (s *clientSource) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	started := time.Now()
	body, err := s.fetch(ctx, c)
	if err != nil {
		body, err = nil, &Error{Provider: s.provider, Host: s.host, Chunk: c, Err: err}
	}
	s.client.stats.ended(err, ctx.Err() != nil)
	if o := s.client.options.Observer; o != nil {
		o.Fetched(s.host, c, OutcomeOf(err), time.Since(started))
	}
	return body, err
}

func (s *clientSource) fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if s.client.closed.Load() {
		return nil, ErrClosed
	}
	if err := within(c, s.minZL, s.maxZL); err != nil {
		return nil, err
	}
	if s.unusable != nil {
		return nil, s.unusable
	}
	return s.next.Fetch(ctx, c)
}

// within returns why c cannot be requested from a provider with the zoom levels from minZL to
// maxZL, or nil.
func within(c tiles.Chunk, minZL, maxZL tiles.ZL) error {
	switch {
	case c.Z < minZL || c.Z > maxZL:
		return fmt.Errorf("%w: it has %d to %d", ErrZoom, minZL, maxZL)
	case uint64(c.X)>>c.Z != 0 || uint64(c.Y)>>c.Z != 0:
		return errors.New("there is no such chunk")
	}
	return nil
}
