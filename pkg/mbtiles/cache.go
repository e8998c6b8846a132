package mbtiles

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// cache keeps decoded segments, bounded in bytes, least recently used first to go. Of several goroutines that want one segment, one loads it and
// the others wait. Its lock is held over look-ups only. Buffers come back into use once their segment is dropped and its last reader done.
type cache struct {
	limit   int64
	buffers buffers

	mu     sync.Mutex
	bytes  int64
	blocks map[int64]*block
	recent *list.List // of *block: those loaded, most recent first
}

// block is one segment. Whoever gets one gives it back with release.
type block struct {
	id    int64
	ready chan struct{} // closed once data or err is set
	data  []byte
	err   error

	// Under cache.mu.
	users int
	place *list.Element // nil: loading, failed or dropped
}

func newCache(limit int64) *cache {
	return &cache{limit: limit, buffers: newBuffers(), blocks: make(map[int64]*block), recent: list.New()}
}

// acquire returns the segment of that id and length, loaded. load fills a buffer of the length.
func (c *cache) acquire(ctx context.Context, id int64, length int, load func(buf []byte) error) (*block, error) {
	for {
		c.mu.Lock()
		b, known := c.blocks[id]
		if !known {
			b = &block{id: id, ready: make(chan struct{})}
			c.blocks[id] = b
		} else if b.place != nil {
			c.recent.MoveToFront(b.place)
		}
		b.users++
		c.mu.Unlock()

		if !known {
			c.fill(b, length, load)
			if b.err != nil {
				return nil, b.err
			}
			return b, nil
		}
		select {
		case <-b.ready:
		case <-ctx.Done():
			c.release(b)
			return nil, ctx.Err()
		}
		if b.err == nil {
			return b, nil
		}
		if !errors.Is(b.err, context.Canceled) && !errors.Is(b.err, context.DeadlineExceeded) {
			return nil, b.err
		}
		if ctx.Err() != nil { // ours, too
			return nil, ctx.Err()
		}
		// The one who was loading gave up. We did not.
	}
}

// peek returns the segment if it is there already.
func (c *cache) peek(id int64) (*block, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, known := c.blocks[id]
	if !known || b.place == nil {
		return nil, false
	}
	c.recent.MoveToFront(b.place)
	b.users++
	return b, true
}

// fill loads b and lets those who wait for it go on.
func (c *cache) fill(b *block, length int, load func(buf []byte) error) {
	buf := c.buffers.get(length)
	if b.err = load(buf); b.err == nil {
		b.data = buf
	} else {
		c.buffers.put(buf)
	}
	c.mu.Lock()
	if b.err != nil {
		delete(c.blocks, b.id)
	} else {
		b.place = c.recent.PushFront(b)
		c.bytes += int64(len(b.data))
		for c.bytes > c.limit && c.recent.Len() > 0 {
			c.drop(c.recent.Back().Value.(*block))
		}
	}
	c.mu.Unlock()
	close(b.ready)
}

// drop forgets b. It is called with mu held.
func (c *cache) drop(b *block) {
	c.recent.Remove(b.place)
	b.place = nil
	delete(c.blocks, b.id)
	c.bytes -= int64(len(b.data))
	if b.users == 0 {
		c.buffers.put(b.data)
	}
}

// release ends the use of b.
func (c *cache) release(b *block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b.users--
	if b.users == 0 && b.place == nil && b.data != nil {
		c.buffers.put(b.data)
		b.data = nil
	}
}

// buffers keeps buffers of the lengths that segments have.
type buffers struct{ byLength map[int]*sync.Pool }

func newBuffers() buffers {
	b := buffers{make(map[int]*sync.Pool)}
	for _, f := range [...]dds.Format{dds.BC1, dds.BC3} {
		for side := preview.Side; side <= dds.MaxSide; side *= 2 {
			cut := segment.CutOf(dds.Layout{Format: f, Side: side})
			for _, n := range [...]int{0, cut.Segments - 1} {
				_, length := cut.Bounds(n)
				b.byLength[length] = new(sync.Pool)
			}
		}
	}
	return b
}

func (b buffers) get(length int) []byte {
	if p, ok := b.byLength[length].Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, length)
}

func (b buffers) put(buf []byte) { b.byLength[len(buf)].Put(&buf) }
