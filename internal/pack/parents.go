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
	known  map[layerChunk]*parent
	recent lru.List // of layerChunk, the latest used first
}

// layerChunk is a chunk of a layer, or a tile.
type layerChunk struct {
	layer *Layer
	chunk tiles.Chunk
}

type parent struct {
	ready chan struct{} // closed when img and err are set
	img   *image.NRGBA
	err   error
	used  *lru.Element
}

func newParents(p *Pipeline) *parents {
	return &parents{pipeline: p, known: make(map[layerChunk]*parent)}
}

// piece is the part of a parent that a chunk up zoom levels deeper covers.
type piece struct {
	parent *image.NRGBA
	up     uint
	x, y   uint32
}

// enlarged returns the piece as 256×256 px.
func (p piece) enlarged() *image.NRGBA { return enlarge(p.parent, p.up, p.x, p.y) }

// piece returns c's piece of the parent that the layer has at level.
func (ps *parents) piece(ctx context.Context, l *Layer, c tiles.Chunk, level tiles.ZL) (piece, error) {
	up := uint(c.Z - level)
	img, err := ps.get(ctx, layerChunk{l, c.Above(up)})
	if err != nil {
		return piece{}, err
	}
	mask := uint32(1)<<up - 1
	return piece{img, up, c.X & mask, c.Y & mask}, nil
}

// get returns the decoded parent, from memory, from whoever is fetching it, or from the source.
func (ps *parents) get(ctx context.Context, c layerChunk) (*image.NRGBA, error) {
	for {
		entry, mine := ps.entry(c)
		if mine {
			entry.img, entry.err = ps.pipeline.picture(ctx, c.layer, c.chunk, TaskParent)
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
func (ps *parents) entry(c layerChunk) (e *parent, mine bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if e, ok := ps.known[c]; ok {
		ps.recent.MoveToFront(e.used)
		return e, false
	}
	e = &parent{ready: make(chan struct{}), used: ps.recent.PushFront(c)}
	ps.known[c] = e
	if ps.recent.Len() > keptParents {
		delete(ps.known, ps.recent.Remove(ps.recent.Back()).(layerChunk))
	}
	return e, true
}

func (ps *parents) forget(c layerChunk, e *parent) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.known[c] == e {
		delete(ps.known, c)
		ps.recent.Remove(e.used)
	}
}
