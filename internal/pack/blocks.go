package pack

import (
	"context"
	"errors"
	"image"
	"sync"

	lru "container/list"

	"golang.org/x/sync/semaphore"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// blocks are the decoded tiles of more than one chunk: each is fetched and decoded once for all the
// chunks that are cut from it, of whichever textures, as long as there is room for it.
//
// Room is bounded. Whoever holds a block waits for nothing but a worker until it is released: so
// there is always room again.
type blocks struct {
	pipeline *Pipeline
	room     *semaphore.Weighted

	mu      sync.Mutex
	known   map[layerChunk]*block
	idle    lru.List // of *block without users, most recently used first
	waiting int      // who wait for room: what becomes idle makes it
	// spare are the pictures of dropped blocks. All are reused: 16 MiB allocated for every tile are
	// work for the garbage collector. One is allocated only when there is none, so they and those
	// in use are never more than have room.
	spare []*image.NRGBA
}

// block is a decoded tile, or the reason why there is none. Guarded by blocks.mu until it is ready,
// and users and idle for ever.
type block struct {
	at    layerChunk
	ready chan struct{} // closed when tile and err are set
	tile  *tile
	err   error
	bytes int64 // of room
	users int
	idle  *lru.Element // nil: in use
}

const (
	// leastRoom holds four tiles of 2,048 px: all of a full texture.
	leastRoom = 64 << 20
	// keptIdle bounds the idle blocks that take no room: those that are known to be nowhere.
	keptIdle = 256
)

func newBlocks(p *Pipeline, workers int) *blocks {
	largest := chunkPixels
	for i := range p.layers {
		largest = max(largest, p.layers[i].side())
	}
	return &blocks{pipeline: p, room: semaphore.NewWeighted(roomFor(largest, workers)),
		known: make(map[layerChunk]*block)}
}

func roomFor(side, workers int) int64 {
	return max(leastRoom, int64(workers)*pictureBytes(side)/2)
}

// TileMemory returns the memory that a Pipeline of so many workers keeps decoded tiles of side px
// in, in bytes: none for tiles of one chunk.
func TileMemory(side, workers int) int64 {
	if side <= chunkPixels {
		return 0
	}
	return roomFor(side, workers)
}

func pictureBytes(side int) int64 { return 4 * int64(side) * int64(side) }

// get returns the tile that chunks are cut from, from memory, from whoever is fetching it, or from
// the source. Without an error it must be released.
func (bs *blocks) get(ctx context.Context, at layerChunk, task Task) (*block, error) {
	for {
		b, mine := bs.entry(at)
		if mine {
			b.err = bs.load(ctx, b, task)
			bs.loaded(b)
		}
		select {
		case <-b.ready:
		case <-ctx.Done():
			bs.release(b)
			return nil, ctx.Err()
		}
		if b.err == nil {
			return b, nil
		}
		err := b.err
		bs.release(b)
		// The caller that fetched it may have been cancelled: that is not an answer to this one.
		if mine || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
	}
}

// entry returns at's block, held, and whether the caller is the one to load it.
func (bs *blocks) entry(at layerChunk) (b *block, mine bool) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	b, ok := bs.known[at]
	if !ok {
		b = &block{at: at, ready: make(chan struct{})}
		bs.known[at] = b
	}
	if b.idle != nil {
		bs.idle.Remove(b.idle)
		b.idle = nil
	}
	b.users++
	return b, !ok
}

// load fetches and decodes. Bodies wait for room, not for workers to find none.
func (bs *blocks) load(ctx context.Context, b *block, task Task) error {
	p, bytes := bs.pipeline, pictureBytes(b.at.layer.side())
	return p.fetchInto(ctx, b.at.layer, b.at.chunk, func(body []byte) error {
		if err := bs.enter(ctx, bytes); err != nil {
			return err
		}
		err := p.work(ctx, task, func(w *worker) (err error) {
			b.tile, err = b.at.layer.decode(w.dds, body, bs.picture())
			return err
		})
		if err != nil {
			bs.room.Release(bytes)
			return err
		}
		b.bytes = bytes
		return nil
	})
}

// loaded lets everybody have b. A failure is forgotten: the next to ask may have more luck.
func (bs *blocks) loaded(b *block) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if b.err != nil && !errors.Is(b.err, fetch.ErrNoImagery) {
		delete(bs.known, b.at)
	}
	close(b.ready)
}

// enter waits for room.
func (bs *blocks) enter(ctx context.Context, bytes int64) error {
	if bs.room.TryAcquire(bytes) {
		return nil
	}
	bs.mu.Lock()
	bs.waiting++
	for made := int64(0); made < bytes && bs.idle.Len() > 0; {
		oldest := bs.idle.Back().Value.(*block)
		made += oldest.bytes
		bs.drop(oldest)
	}
	bs.mu.Unlock()
	err := bs.room.Acquire(ctx, bytes)
	bs.mu.Lock()
	bs.waiting--
	bs.mu.Unlock()
	return err
}

// release ends the use of b.
func (bs *blocks) release(b *block) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if b.users--; b.users > 0 || bs.known[b.at] != b {
		return // it is in use, or it has failed and was dropped
	}
	b.idle = bs.idle.PushFront(b)
	switch {
	case bs.waiting > 0 && b.bytes > 0:
		bs.drop(b)
	case bs.idle.Len() > keptIdle:
		bs.drop(bs.idle.Back().Value.(*block))
	}
}

// drop forgets an idle block and gives its room back. bs.mu is held.
func (bs *blocks) drop(b *block) {
	bs.idle.Remove(b.idle)
	delete(bs.known, b.at)
	if b.bytes == 0 {
		return
	}
	bs.room.Release(b.bytes)
	bs.spare = append(bs.spare, b.tile.img)
}

// picture returns one to decode into, or nil.
func (bs *blocks) picture() (img *image.NRGBA) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if last := len(bs.spare) - 1; last >= 0 {
		img, bs.spare = bs.spare[last], bs.spare[:last]
	}
	return img
}

// with hands the tile that c of a layer is cut from to use, as long as that takes.
func (bs *blocks) with(ctx context.Context, l *Layer, c tiles.Chunk, task Task,
	use func(*tile) error) error {
	if uint(c.Z) < l.levels() {
		return fetch.ErrNoImagery // there is no such tile
	}
	b, err := bs.get(ctx, layerChunk{l, c.Above(l.levels())}, task)
	if err != nil {
		return err
	}
	defer bs.release(b)
	return use(b.tile)
}

// chunkOf returns the pixels of chunk c, which are the caller's.
func (t *tile) chunkOf(c tiles.Chunk) (*image.NRGBA, error) {
	piece, err := t.cut(c)
	if err != nil || piece.Stride == 4*chunkPixels {
		return piece, err
	}
	out := image.NewNRGBA(image.Rect(0, 0, chunkPixels, chunkPixels))
	for y := range chunkPixels {
		copy(out.Pix[y*out.Stride:][:out.Stride], piece.Pix[y*piece.Stride:])
	}
	return out, nil
}

// tile is a decoded picture of one chunk or more.
type tile struct {
	img   *image.NRGBA
	empty []bool // by row and column of chunks: those that show nothing; nil: none

	captured terms.Days // on which it was taken, if the provider told
}

// cut returns the pixels of c, which must not be changed. The error is fetch.ErrNoImagery.
func (t *tile) cut(c tiles.Chunk) (*image.NRGBA, error) {
	across := t.img.Rect.Dx() / chunkPixels
	col, row := int(c.X)&(across-1), int(c.Y)&(across-1)
	if t.empty != nil && t.empty[row*across+col] {
		return nil, errEmpty
	}
	corner := t.img.Rect.Min.Add(image.Pt(col, row).Mul(chunkPixels))
	return t.img.SubImage(image.Rectangle{Min: corner,
		Max: corner.Add(image.Pt(chunkPixels, chunkPixels))}).(*image.NRGBA), nil
}

// add brings the chunk, cut from t, to its place.
func (t *tile) add(w *dds.Worker, b *dds.Builder, place tiles.Place, c tiles.Chunk) error {
	piece, err := t.cut(c)
	if err != nil {
		return err
	}
	return w.AddPixels(b, place.Row, place.Col, piece)
}
