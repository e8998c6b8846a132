package segment

import (
	"container/list"
	"context"
	"errors"
	"sync"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Decoded keeps segments as they are once decoded, bounded in bytes, least recently used first to go. Of several
// goroutines that want one segment, one loads it and the others wait. Its lock is held over
// look-ups only. Buffers come back into use once their segment is dropped and its last reader done.
type Decoded struct {
	limit   int64
	Buffers Buffers

	mu     sync.Mutex
	bytes  int64
	blocks map[int64]*Block
	recent *list.List // of *Block: those loaded, most recent first
}

// Block is one segment. Whoever gets one gives it back with Release.
type Block struct {
	id    int64
	ready chan struct{} // closed once data or err is set
	Data  []byte
	err   error

	// Under Decoded.mu.
	users int
	place *list.Element // nil: loading, failed or dropped
}

// NewDecoded returns a Decoded of up to limit bytes; of none where limit is not positive.
func NewDecoded(limit int64) *Decoded {
	return &Decoded{limit: limit, Buffers: newBuffers(), blocks: make(map[int64]*Block), recent: list.New()}
}

// Acquire returns the segment of that id and length, loaded. load fills a buffer of the length.
func (c *Decoded) Acquire(ctx context.Context, id int64, length int, load func(buf []byte) error) (*Block, error) {
	for {
		c.mu.Lock()
		b, known := c.blocks[id]
		if !known {
			b = &Block{id: id, ready: make(chan struct{})}
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
			c.Release(b)
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

// Peek returns the segment if it is there already.
func (c *Decoded) Peek(id int64) (*Block, bool) {
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
func (c *Decoded) fill(b *Block, length int, load func(buf []byte) error) {
	buf := c.Buffers.Get(length)
	if b.err = load(buf); b.err == nil {
		b.Data = buf
	} else {
		c.Buffers.Put(buf)
	}
	c.mu.Lock()
	if b.err != nil {
		delete(c.blocks, b.id)
	} else {
		b.place = c.recent.PushFront(b)
		c.bytes += int64(len(b.Data))
		for c.bytes > c.limit && c.recent.Len() > 0 {
			c.drop(c.recent.Back().Value.(*Block))
		}
	}
	c.mu.Unlock()
	close(b.ready)
}

// drop forgets b. It is called with mu held.
func (c *Decoded) drop(b *Block) {
	c.recent.Remove(b.place)
	b.place = nil
	delete(c.blocks, b.id)
	c.bytes -= int64(len(b.Data))
	if b.users == 0 {
		c.Buffers.Put(b.Data)
	}
}

// Release ends the use of b.
func (c *Decoded) Release(b *Block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b.users--
	if b.users == 0 && b.place == nil && b.Data != nil {
		c.Buffers.Put(b.Data)
		b.Data = nil
	}
}

// smallest is the least side of a texture.
const smallest = 256

// Buffers keeps memory of the lengths that segments have, while nobody uses it.
type Buffers struct{ byLength map[int]*sync.Pool }

func newBuffers() Buffers {
	b := Buffers{make(map[int]*sync.Pool)}
	for _, f := range [...]dds.Format{dds.BC1, dds.BC3} {
		for side := smallest; side <= dds.MaxSide; side *= 2 {
			cut := CutOf(dds.Layout{Format: f, Side: side})
			for _, n := range [...]int{0, cut.Segments - 1} {
				_, length := cut.Bounds(n)
				b.byLength[length] = new(sync.Pool)
			}
		}
	}
	return b
}

// Get lends memory of the length of a segment, to be given back with Put.
func (b Buffers) Get(length int) []byte {
	if p, ok := b.byLength[length].Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, length)
}

// Put takes back what Get has lent.
func (b Buffers) Put(buf []byte) { b.byLength[len(buf)].Put(&buf) }

// Holds reports whether the segment is there or being loaded.
func (c *Decoded) Holds(id int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocks[id] != nil
}

// Bytes returns how much is kept.
func (c *Decoded) Bytes() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}
