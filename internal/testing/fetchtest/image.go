package fetchtest

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var (
	_ fetch.Source = (*cache)(nil)
	_ fetch.Source = (*repeated)(nil)
	_ fetch.Source = (*sized)(nil)
)

// Repeat serves, for every chunk, one of the side×side chunks of source whose north-west one is
// from, each made once: after a moment the server costs next to nothing. {Z: 16, X: 33660, Y:
// 23940} is farmland of the sample imagery, some 13 KB a chunk.
func Repeat(from tiles.Chunk, side uint32, source fetch.Source) fetch.Source {
	return &repeated{from: from, side: side, next: &cache{next: source}}
}

type repeated struct {
	from tiles.Chunk
	side uint32
	next *cache
}

func (s *repeated) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	return s.next.Fetch(ctx, tiles.Chunk{Z: s.from.Z, X: s.from.X + c.X%s.side, Y: s.from.Y + c.Y%s.side})
}

// OfSize serves the chunks of source, JPEGs, with a comment that makes each n bytes long; those
// that are longer, or too near to it, stay as they are.
func OfSize(n int, source fetch.Source) fetch.Source { return &sized{n, source} }

type sized struct {
	n    int
	next fetch.Source
}

func (s *sized) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	body, err := s.next.Fetch(ctx, c)
	if room := s.n - len(body); err != nil || room < 4 || room > 0xFFFF {
		return body, err
	}
	return withComment(body, s.n-len(body)), nil
}

// cached returns source with a cache, unless it has one.
func cached(source fetch.Source) fetch.Source {
	if r, ok := source.(*repeated); ok {
		return r
	}
	return &cache{next: source}
}

// cacheBytes bounds what a cache holds. Full, it is emptied: what is still wanted is soon there
// again.
const cacheBytes = 256 << 20

// cache keeps the chunks of next. Unlike other sources, what it returns must not be changed.
type cache struct {
	next   fetch.Source
	making singleflight.Group

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
	made, err, _ := s.making.Do(c.String(), func() (any, error) {
		body, err := s.next.Fetch(context.WithoutCancel(ctx), c) // others may wait for it, too
		if err == nil {
			s.keep(c, body)
		}
		return body, err
	})
	return made.([]byte), err
}

func (s *cache) keep(c tiles.Chunk, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chunks == nil || s.bytes+len(body) > cacheBytes {
		s.chunks, s.bytes = map[tiles.Chunk][]byte{}, 0
	}
	s.bytes += len(body) - len(s.chunks[c])
	s.chunks[c] = body
}
