package contents

import (
	"context"
	"sync"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// Ahead decodes segments that are about to be read. The zero value is ready for use.
type Ahead struct {
	mu     sync.Mutex
	busy   int
	closed bool
	wg     sync.WaitGroup
}

// maxAhead is how many segments are decoded ahead at a time; when as many are, nothing more is
// begun: then there is no processor to spare either.
const maxAhead = 2

// try runs do in the background, unless there is too much to do already.
func (a *Ahead) try(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.busy >= maxAhead {
		return
	}
	a.busy++
	a.wg.Go(func() {
		defer func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.busy--
		}()
		do()
	})
}

// Wait waits for what is under way.
func (a *Ahead) Wait() { a.wg.Wait() }

// close waits for running decodes; none starts after it.
func (a *Ahead) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.Wait()
}

// ReadAhead says that a content is being read in order and has been up to off: the segment that
// comes next is got ready in the background, if there is one. A compressed one is decoded; of one
// that is stored as it is the kernel is told that it will be wanted. It does not wait. Sums are as
// in ReadAt.
func (r *Reader) ReadAhead(ctx context.Context, id int64, l dds.Layout, s *segment.Sums,
	off int64) {
	cut := segment.CutOf(l)
	if r.Pages == nil || off <= 0 || off >= cut.Size {
		return
	}
	n := cut.At(max(off-1, dds.HeaderSize)) + 1 // the first that nothing of is read
	if n >= cut.Segments {
		return
	}
	if start, _ := cut.Bounds(n); start-off > segment.Bytes/2 {
		return // there is time
	}
	next := cut.Piece(id, n)
	if r.Decoded.Holds(next.ID) || r.Remote == nil && r.Pages.Cached(next.ID) {
		return
	}
	r.Ahead.try(func() {
		if r.Remote == nil && r.Pages.Advise(next.ID) {
			return
		}
		if b, err := r.Decoded.Acquire(ctx, next.ID, next.Length,
			func(buf []byte) error { return r.load(ctx, next, s, buf) }); err == nil {
			r.Decoded.Release(b)
		}
	})
}
