package segment

import (
	"context"
	"sync"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/pkg/dds"
)

// Decoded keeps segments as they are once decoded, by the ids of their rows, up to so many bytes.
// Memory comes back into use once its segment is dropped and its last reader done.
type Decoded struct {
	*lru.Cache[int64, []byte]
	Buffers Buffers
}

// NewDecoded returns a Decoded of up to limit bytes; of none where limit is not positive.
func NewDecoded(limit int64) *Decoded {
	b := newBuffers()
	return &Decoded{lru.New[int64](limit, b.Put), b}
}

// Acquire returns the segment of that id and length, loaded. load fills a buffer of the length.
func (d *Decoded) Acquire(ctx context.Context, id int64, length int,
	load func(buf []byte) error) (*lru.Entry[[]byte], error) {
	return d.Get(ctx, id, func() ([]byte, int64, error) {
		buf := d.Buffers.Get(length)
		if err := load(buf); err != nil {
			d.Buffers.Put(buf)
			return nil, 0, err
		}
		return buf, int64(length), nil
	})
}

// smallest is the smallest width of a texture.
const smallest = 256

// Buffers keeps unused buffers of the lengths of segments.
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
