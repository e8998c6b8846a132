package pack

import (
	"context"
	"errors"
	"image"
	"sync"

	lru "container/list"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// ParentLevels is how many zoom levels up a fill is looked for: beyond, a chunk would be made of
// four pixels.
const ParentLevels = 6

// keptParents bounds the decoded parents kept for their other children: 256 KiB each.
const keptParents = 256

// parents finds what a chunk can be filled with. A parent is fetched once for all children that
// need it, and is remembered a while, also when the provider has none.
type parents struct {
	pipeline *Pipeline

	mu     sync.Mutex
	known  map[tiles.Chunk]*parent
	recent lru.List // of tiles.Chunk, the latest used first
}

type parent struct {
	ready chan struct{} // closed when img and err are set
	img   *image.NRGBA
	err   error
	used  *lru.Element
}

func newParents(p *Pipeline) *parents {
	return &parents{pipeline: p, known: make(map[tiles.Chunk]*parent)}
}

// piece is the part of a parent that a chunk up zoom levels deeper covers.
type piece struct {
	parent *image.NRGBA
	up     uint
	x, y   uint32
}

// enlarged returns the piece as 256×256 px.
func (p piece) enlarged() *image.NRGBA { return enlarge(p.parent, p.up, p.x, p.y) }

// find returns c's piece of the nearest parent zoom that has imagery. The error is
// fetch.ErrNoImagery if none has, another if a parent that was nearer than what could be had
// failed: what would be shown then is not what a repair will show.
func (ps *parents) find(ctx context.Context, c tiles.Chunk) (piece, error) {
	up := uint(1)
	if c.Z > ps.pipeline.maxZL {
		up = uint(c.Z - ps.pipeline.maxZL)
	}
	for ; up <= ParentLevels && uint(c.Z) >= up; up++ {
		img, err := ps.get(ctx, tiles.Chunk{Z: c.Z - tiles.ZL(up), X: c.X >> up, Y: c.Y >> up})
		if errors.Is(err, fetch.ErrNoImagery) {
			continue
		}
		if err != nil {
			return piece{}, err
		}
		mask := uint32(1)<<up - 1
		return piece{img, up, c.X & mask, c.Y & mask}, nil
	}
	return piece{}, fetch.ErrNoImagery
}

// get returns the decoded parent, from memory, from whoever is fetching it, or from the source.
func (ps *parents) get(ctx context.Context, c tiles.Chunk) (*image.NRGBA, error) {
	for {
		entry, mine := ps.entry(c)
		if mine {
			entry.img, entry.err = ps.pipeline.picture(ctx, c, TaskParent)
			if entry.err != nil && !errors.Is(entry.err, fetch.ErrNoImagery) {
				ps.forget(c, entry) // the next texture may have more luck
			}
			close(entry.ready)
			return entry.img, entry.err
		}
		select {
		case <-entry.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Whoever fetched it may have been called off: that is no answer to us.
		if !errors.Is(entry.err, context.Canceled) && !errors.Is(entry.err, context.DeadlineExceeded) {
			return entry.img, entry.err
		}
	}
}

// entry returns c's entry, and whether the caller is the one to fill it.
func (ps *parents) entry(c tiles.Chunk) (e *parent, mine bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if e, ok := ps.known[c]; ok {
		ps.recent.MoveToFront(e.used)
		return e, false
	}
	e = &parent{ready: make(chan struct{}), used: ps.recent.PushFront(c)}
	ps.known[c] = e
	if ps.recent.Len() > keptParents {
		delete(ps.known, ps.recent.Remove(ps.recent.Back()).(tiles.Chunk))
	}
	return e, true
}

func (ps *parents) forget(c tiles.Chunk, e *parent) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.known[c] == e {
		delete(ps.known, c)
		ps.recent.Remove(e.used)
	}
}
