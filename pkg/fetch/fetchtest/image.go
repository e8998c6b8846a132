package fetchtest

import (
	"context"
	"sync"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var (
	_ fetch.Source = (*cache)(nil)
	_ fetch.Source = (*repeated)(nil)
)

// Repeat returns source's chunks below side in x and y for every place: a server of it soon has them all at hand and costs little.
func Repeat(side uint32, source fetch.Source) fetch.Source { return &repeated{side, source} }

type repeated struct {
	side uint32
	next fetch.Source
}

func (s *repeated) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	c.X, c.Y = c.X%s.side, c.Y%s.side
	return s.next.Fetch(ctx, c)
}

// cacheBytes bounds what a cache holds. Full, it is emptied: what is still wanted is soon there again.
const cacheBytes = 256 << 20

// cache keeps the chunks of next. Unlike other sources, what it returns must not be changed.
type cache struct {
	next fetch.Source

	mu     sync.Mutex
	chunks map[tiles.Chunk][]byte
	bytes  int
}

func (s *cache) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	s.mu.Lock()
	body, ok := s.chunks[c]
	s.mu.Unlock()
	if ok {
		return body, nil
	}
	body, err := s.next.Fetch(ctx, c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chunks == nil || s.bytes+len(body) > cacheBytes {
		s.chunks, s.bytes = map[tiles.Chunk][]byte{}, 0
	}
	if _, ok := s.chunks[c]; !ok {
		s.chunks[c] = body
		s.bytes += len(body)
	}
	return body, nil
}
