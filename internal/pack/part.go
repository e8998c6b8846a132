package pack

import (
	"context"
	"image"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// part is what one request gives of a texture: a chunk, or those that are cut from one tile.
type part struct {
	tile   tiles.Chunk
	chunks []placed
}

type placed struct {
	place tiles.Place
	tiles.Chunk
}

// cuts says whether it is made of chunks that are cut from larger tiles.
func (p *Pipeline) cuts(it tiles.Item) bool {
	z := it.Chunk(0, 0).Z
	return p.levels > 0 && z <= p.maxZL && uint(z) >= p.levels
}

// parts returns the parts of it, in the order of their first chunks.
func (p *Pipeline) parts(it tiles.Item) (list []part) {
	levels := uint(0)
	if p.cuts(it) {
		levels = p.levels
	}
	index := make(map[tiles.Chunk]int)
	for place, c := range it.Chunks() {
		at := c.Above(levels)
		i, ok := index[at]
		if !ok {
			i = len(list)
			index[at] = i
			list = append(list, part{tile: at})
		}
		list[i].chunks = append(list[i].chunks, placed{place, c})
	}
	return list
}

// byTile returns items with those next to each other that are cut from one tile, so that it is
// still there for all of them. Else their order stays.
func (p *Pipeline) byTile(items []tiles.Item) []tiles.Item {
	if p.levels == 0 {
		return items
	}
	index := make(map[tiles.Chunk]int)
	var groups [][]tiles.Item
	for _, it := range items {
		at := it.Chunk(0, 0).Above(p.levels)
		i, ok := index[at]
		if !ok {
			i = len(groups)
			index[at] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], it)
	}
	return slices.Concat(groups...)
}

// sharedTiles returns the tiles that items are cut from but do not fill, from their own zoom levels
// up: those that no texture can be said to be the last to need.
func (p *Pipeline) sharedTiles(items []tiles.Item) (list []tiles.Chunk) {
	if p.levels == 0 {
		return nil
	}
	seen := make(map[tiles.Chunk]bool)
	for _, it := range items {
		side := it.ChunksPerSide()
		for c := it.Chunk(0, 0); side > 0 && uint(c.Z) >= p.levels; c, side = c.Parent(), side/2 {
			if at := c.Above(p.levels); side>>p.levels == 0 && c.Z <= p.maxZL && !seen[at] {
				seen[at] = true
				list = append(list, at)
			}
		}
	}
	return list
}

// mostSlots is how many slots a tile takes at most: its body is longer than a chunk's, but a
// provider is to be asked for more than one at a time.
const mostSlots = 16

// slotsOf returns how many slots a part takes.
func (p *Pipeline) slotsOf() int64 { return int64(min(1<<(2*p.levels), mostSlots, p.nSlots)) }

// part brings the chunks of a part to their places in b and tells ended of each. The error is only
// ever the context's or the builder's.
func (p *Pipeline) part(ctx context.Context, b *dds.Builder, part part, ended func(ending, error) error) error {
	c := part.chunks[0]
	switch {
	case c.Z > p.maxZL:
		return ended(p.orFill(ctx, b, c.place, c.Chunk, errDeeper))
	case p.levels == 0:
		return ended(p.chunk(ctx, b, c.place, c.Chunk))
	case part.tile == c.Chunk: // larger than the world
		return ended(p.orFill(ctx, b, c.place, c.Chunk, fetch.ErrNoImagery))
	}
	// What the tile does not show is filled after it was released: that may take another tile, and
	// room for it.
	why := p.cutInto(ctx, b, part)
	g, ctx := errgroup.WithContext(ctx)
	for i, c := range part.chunks {
		g.Go(func() error { return ended(p.orFill(ctx, b, c.place, c.Chunk, why[i])) })
	}
	return g.Wait()
}

// cutInto brings those chunks of a part to their places that its tile shows, and says of each why it
// could not be, or nil.
func (p *Pipeline) cutInto(ctx context.Context, b *dds.Builder, part part) []error {
	why := make([]error, len(part.chunks))
	block, err := p.blocks.get(ctx, part.tile, TaskChunk)
	if err != nil {
		for i := range why {
			why[i] = err
		}
		return why
	}
	defer p.blocks.release(block)
	var g errgroup.Group
	for i, c := range part.chunks {
		g.Go(func() error {
			why[i] = p.work(ctx, TaskChunk, func(w *worker) error { return block.tile.add(w.dds, b, c.place, c.Chunk) })
			return nil
		})
	}
	_ = g.Wait() // each has its own
	return why
}

// picture returns the pixels of c, which are the caller's.
func (p *Pipeline) picture(ctx context.Context, c tiles.Chunk, task Task) (img *image.NRGBA, err error) {
	if p.levels > 0 {
		return p.blocks.chunkOf(ctx, c, task)
	}
	err = p.fetchInto(ctx, c, func(body []byte) error {
		return p.work(ctx, task, func(w *worker) error {
			t, err := p.decode(w.dds, body, nil)
			if err == nil {
				img, err = t.cut(c)
			}
			return err
		})
	})
	return img, err
}
