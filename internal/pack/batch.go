package pack

import (
	"context"
	"image"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// batch is what one request gives of a texture: a chunk, or those that are cut from one tile of the
// layer on top.
type batch struct {
	tile   layerChunk // no layer: the chunk is one by itself
	chunks []placed
}

type placed struct {
	place tiles.Place
	tiles.Chunk
}

// batches returns the chunks of it, in the order of the first of each. They are cut together where
// the layer on top has larger tiles and hides the others.
func batches(it tiles.Item, layers []standing) (list []batch) {
	var top *Layer
	if z := it.Chunk(0, 0).Z; len(layers) > 0 && layers[0].whole && layers[0].Priority == area.High {
		if l := layers[0].Layer; l.levels() > 0 && z <= l.MaxZL && uint(z) >= l.levels() {
			top = l
		}
	}
	index := make(map[tiles.Chunk]int)
	for place, c := range it.Chunks() {
		at := layerChunk{top, c}
		if top != nil {
			at.chunk = c.Above(top.levels())
		}
		i, ok := index[at.chunk]
		if !ok {
			i = len(list)
			index[at.chunk] = i
			list = append(list, batch{tile: at})
		}
		list[i].chunks = append(list[i].chunks, placed{place, c})
	}
	return list
}

// byTile returns items with those next to each other that are cut from one tile, so that it is
// still there for all of them. Else their order stays.
func (p *Pipeline) byTile(items []tiles.Item) []tiles.Item {
	levels := uint(0)
	for i := range p.layers {
		levels = max(levels, p.layers[i].levels())
	}
	if levels == 0 {
		return items
	}
	index := make(map[tiles.Chunk]int)
	var groups [][]tiles.Item
	for _, it := range items {
		at := it.Chunk(0, 0).Above(levels)
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

// sharedTiles returns the tiles of the layer that items are cut from but do not fill, from their
// own zoom levels up: those that no texture can be said to be the last to need.
func (l *Layer) sharedTiles(items []tiles.Item) (list []tiles.Chunk) {
	levels := l.levels()
	if levels == 0 {
		return nil
	}
	seen := make(map[tiles.Chunk]bool)
	for _, it := range items {
		side := it.ChunksPerSide()
		for c := it.Chunk(0, 0); side > 0 && uint(c.Z) >= levels; c, side = c.Parent(), side/2 {
			if at := c.Above(levels); side>>levels == 0 && c.Z <= l.MaxZL && !seen[at] {
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

// slotsOf returns how many slots a batch takes.
func (p *Pipeline) slotsOf(b batch) int64 {
	if b.tile.layer == nil {
		return 1
	}
	return int64(min(1<<(2*b.tile.layer.levels()), mostSlots, p.nSlots))
}

// batch brings the chunks of a batch to their places in b and tells ended of each. The error is
// only ever the context's or the builder's.
func (p *Pipeline) batch(ctx context.Context, b *dds.Builder, batch batch, layers []standing, ended func(ending, error) error) error {
	if batch.tile.layer == nil {
		c := batch.chunks[0]
		return ended(p.chunk(ctx, b, c, layers, nil))
	}
	// What the tile does not show is filled after it was released: that may take another tile, and
	// room for it.
	came := p.cutInto(ctx, b, batch)
	g, ctx := errgroup.WithContext(ctx)
	for i, c := range batch.chunks {
		g.Go(func() error { return ended(p.chunk(ctx, b, c, layers, &came[i])) })
	}
	return g.Wait()
}

// cutInto brings those chunks of a batch to their places that its tile shows, and says what has
// come of each.
func (p *Pipeline) cutInto(ctx context.Context, b *dds.Builder, batch batch) []outcome {
	came := make([]outcome, len(batch.chunks))
	block, err := p.blocks.get(ctx, batch.tile, TaskChunk)
	if err != nil {
		for i := range came {
			came[i].err = err
		}
		return came
	}
	defer p.blocks.release(block)
	var g errgroup.Group
	for i, c := range batch.chunks {
		g.Go(func() error {
			came[i].captured = block.tile.captured
			came[i].err = p.work(ctx, TaskChunk, func(w *worker) error { return block.tile.add(w.dds, b, c.place, c.Chunk) })
			return nil
		})
	}
	_ = g.Wait() // each has its own
	return came
}

// picture returns the pixels of c of a layer, which are the caller's, and when they were taken.
func (p *Pipeline) picture(ctx context.Context, l *Layer, c tiles.Chunk, task Task) (img *image.NRGBA, captured terms.Days, err error) {
	if l.levels() > 0 {
		err = p.blocks.with(ctx, l, c, task, func(t *tile) (err error) {
			captured = t.captured
			img, err = t.chunkOf(c)
			return err
		})
		return img, captured, err
	}
	err = p.fetchInto(ctx, l, c, func(body []byte) error {
		return p.work(ctx, task, func(w *worker) error {
			t, err := l.decode(w.dds, body, nil)
			if err == nil {
				captured = t.captured
				img, err = t.cut(c)
			}
			return err
		})
	})
	return img, captured, err
}
