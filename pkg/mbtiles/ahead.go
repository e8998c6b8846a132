package mbtiles

import (
	"context"
	"sync"

	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
)

// ahead decodes what is about to be read. The zero value is ready for use.
type ahead struct {
	mu     sync.Mutex
	busy   int
	closed bool
	wg     sync.WaitGroup
}

// maxAhead is how many segments are decoded ahead at a time; when as many are, nothing more is
// begun: then there is no processor to spare either.
const maxAhead = 2

// try runs do in the background, unless there is too much to do already.
func (a *ahead) try(do func()) {
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

// close waits for what is under way; nothing is begun after it.
func (a *ahead) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.wg.Wait()
}

// ReadAhead says that e is being read in order and has been up to off: the segment that comes next
// is got ready in the background, if there is one. A compressed one is decoded into the cache; of
// one that is stored as it is the kernel is told that it will be wanted. It does not wait.
func (a *Archive) ReadAhead(ctx context.Context, e Entry, off int64) {
	cut := segment.CutOf(e.Layout)
	if a.direct == nil || off <= 0 || off >= cut.Size {
		return
	}
	n := cut.At(max(off-1, int64(len(e.Layout.Header())))) + 1 // the first that nothing of is read
	if n >= cut.Segments {
		return
	}
	if start, _ := cut.Bounds(n); start-off > segment.Bytes/2 {
		return // there is time
	}
	next := cut.Piece(e.content, n)
	if a.cache.Holds(next.ID) {
		return
	}
	if a.direct.Cached(next.ID) {
		return
	}
	a.ahead.try(func() {
		if a.direct.Advise(next.ID) {
			return
		}
		if b, err := a.cache.Acquire(ctx, next.ID, next.Length, func(buf []byte) error { return a.load(ctx, next, buf) }); err == nil {
			a.cache.Release(b)
		}
	})
}
