package pack

import (
	"context"
	"errors"
	"image"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// ParentLevels is how many zoom levels up a fill is searched: beyond, a chunk would be made of four
// pixels.
const ParentLevels = 6

// keptParents bounds the decoded parents kept for their other children: 256 KiB each.
const keptParents = 256

// parents finds what a chunk can be filled with. A parent is fetched once for all children that
// need it, and is remembered a while, also when the provider has none: then it is nil.
type parents struct {
	pipeline *Pipeline
	pictures *lru.Cache[layerChunk, *image.NRGBA]
}

// layerChunk is a chunk of a layer, or a tile.
type layerChunk struct {
	layer *Layer
	chunk tiles.Chunk
}

func newParents(p *Pipeline) *parents {
	return &parents{p, lru.New[layerChunk, *image.NRGBA](keptParents, nil)}
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
func (ps *parents) piece(ctx context.Context, l *Layer, c tiles.Chunk,
	level tiles.ZL) (piece, error) {
	up := uint(c.Z - level)
	img, err := ps.get(ctx, layerChunk{l, c.Above(up)})
	if err != nil {
		return piece{}, err
	}
	mask := uint32(1)<<up - 1
	return piece{img, up, c.X & mask, c.Y & mask}, nil
}

// get returns the decoded parent, from memory, from another caller that is fetching it, or from the
// source.
func (ps *parents) get(ctx context.Context, c layerChunk) (*image.NRGBA, error) {
	e, err := ps.pictures.Get(ctx, c, func() (img *image.NRGBA, size int64, err error) {
		img, _, err = ps.pipeline.picture(ctx, c.layer, c.chunk, TaskParent)
		if errors.Is(err, fetch.ErrNoImagery) {
			return nil, 1, nil
		}
		return img, 1, err
	})
	if err != nil {
		return nil, err
	}
	if e.Value == nil {
		return nil, fetch.ErrNoImagery
	}
	return e.Value, nil
}
