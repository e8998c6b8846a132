package fetchtest

import (
	"context"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var (
	_ fetch.Source = (*cache)(nil)
	_ fetch.Source = (*repeated)(nil)
	_ fetch.Source = (*sized)(nil)
)

// Repeat serves, for every chunk, one of the side×side chunks of source from from on, each made
// once: after a moment the server costs next to nothing. {Z: 16, X: 33660, Y: 23940} is farmland of
// the sample imagery, about 13 KB a chunk.
func Repeat(from tiles.Chunk, side uint32, source fetch.Source) fetch.Source {
	return &repeated{from: from, side: side, next: newCache(source)}
}

type repeated struct {
	from tiles.Chunk
	side uint32
	next *cache
}

func (s *repeated) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	return s.next.Fetch(ctx, tiles.Chunk{Z: s.from.Z, X: s.from.X + c.X%s.side,
		Y: s.from.Y + c.Y%s.side})
}

// OfSize serves the chunks of source, JPEGs, with a comment that makes each n bytes long; chunks of
// about n bytes or more are unchanged.
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
	return newCache(source)
}

// cacheBytes bounds what a cache holds. Drills that compare times ask for some 700 MB of tiles; a
// server that has to make them anew takes the processors of what is measured.
const cacheBytes = 1 << 30

// cache keeps the chunks of next. Unlike those of other sources, its bodies must not be changed.
type cache struct {
	next   fetch.Source
	chunks *lru.Cache[tiles.Chunk, []byte]
}

func newCache(next fetch.Source) *cache {
	return &cache{next, lru.New[tiles.Chunk, []byte](cacheBytes, nil)}
}

func (s *cache) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	e, err := s.chunks.Get(ctx, c, func() ([]byte, int64, error) {
		body, err := s.next.Fetch(ctx, c)
		return body, int64(len(body)), err
	})
	if err != nil {
		return nil, err
	}
	return e.Value, nil
}
