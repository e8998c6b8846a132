package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options tune a Pipeline. Source and MaxZL, or Layers, are needed; the rest have defaults.
type Options struct {
	Source fetch.Source
	// MaxZL is the source's deepest zoom level. Deeper chunks are enlarged from there.
	MaxZL tiles.ZL
	// TilePx is the side of the source's tiles, 256·2ⁿ. 0: 256, a tile is a chunk.
	TilePx int
	// Blank are the colours in which the source paints what it has no imagery of.
	Blank []fetch.Colour
	// Layers are sources laid over each other, the first on top, instead of Source.
	Layers []Layer
	// Mosaic records for each texture how many chunks are of each layer.
	Mosaic bool
	// Fallback counts a chunk as had that another layer fills when one could not give it.
	Fallback bool
	// Quality is the encoder's quality. Default good.
	Quality dds.Quality
	// Compression is that of contents for an archive. Default none.
	Compression mbtiles.Compression
	// Memory bounds the outputs of textures in flight, in bytes. Default 64 MiB: five full
	// textures.
	Memory int64
	// Workers decode and encode. Default GOMAXPROCS.
	Workers int
	// Slots bounds the chunks being fetched or waiting to be decoded. Default 256 plus four for
	// every worker, so that the network has work while bodies wait.
	Slots int
	// Look changes the colours of finished textures; nil, or a nil result, leaves them as they are.
	Look func(tiles.Texture) *dds.Recolouring
	// LowPriority makes the workers decode and encode on threads of low CPU priority: other
	// programs come first.
	LowPriority bool
	// Observer receives events. Nil: none.
	Observer Observer
}

// Sources returns the sources of a mosaic's layers, in order.
type Sources interface{ Sources() []fetch.Source }

// From returns the options for imagery of p from source, which is a Sources for a mosaic.
func (o Options) From(source fetch.Source, p fetch.Provider) Options {
	if len(p.Layers) == 0 {
		o.Layers = []Layer{layerOf(source, p)}
		return o
	}
	o.Layers, o.Mosaic = nil, true
	for i, one := range source.(Sources).Sources() {
		from := p.Layers[i]
		l := layerOf(one, from.Provider)
		l.Area, l.Lone, l.Priority, l.For = from.Area, from.Lone, from.Priority, from.For
		o.Layers = append(o.Layers, l)
	}
	return o
}

func layerOf(source fetch.Source, p fetch.Provider) Layer {
	return Layer{
		ID: p.ID, Source: source, MinZL: p.MinZL, MaxZL: p.MaxZL, TilePx: p.TilePx, Blank: p.Blank,
		Filter: p.Filter, Exclusive: p.Source(0).Exclusive(),
	}
}

// DefaultMemory holds five textures of 11.2 MB, 1,280 chunks: enough for every connection while
// another texture finishes.
const DefaultMemory = 64 << 20

// blendedAtOnce chunks of some layers each take about 16 MiB a layer.
const blendedAtOnce = 64

// Pipeline builds textures. One serves the whole process. Close it when nothing is being built any
// more.
type Pipeline struct {
	layers   []Layer
	mosaic   bool
	fallback bool
	quality  dds.Quality
	look     func(tiles.Texture) *dds.Recolouring // nil: none

	memory  *semaphore.Weighted
	limit   int64
	slots   *semaphore.Weighted
	nSlots  int
	workers chan *worker
	all     []*worker
	buffers bufferPool
	parents *parents
	blocks  *blocks
	// blending bounds the chunks whose decoded pictures wait for each other.
	blending *semaphore.Weighted

	observer Observer // may be nil
	load     load

	// Counts are the totals of the process.
	Counts Counts
}

// worker has what one processor needs: scratch memory for chunks and an encoder for contents.
type worker struct {
	dds     *dds.Worker
	encoder *mbtiles.Encoder
	thread  *thread               // nil: the caller's
	doing   atomic.Pointer[doing] // nil: idle
}

// New returns a Pipeline.
func New(o Options) *Pipeline {
	nWorkers := cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	p := &Pipeline{
		layers: o.Layers, mosaic: o.Mosaic, fallback: o.Fallback,
		quality: o.Quality, look: o.Look,
		limit:   cmp.Or(o.Memory, DefaultMemory),
		nSlots:  cmp.Or(o.Slots, fetch.MaxConcurrency+4*nWorkers),
		workers: make(chan *worker, nWorkers),

		observer: o.Observer,
	}
	if len(o.Layers) == 0 {
		p.layers = []Layer{{Source: o.Source, MaxZL: o.MaxZL, TilePx: o.TilePx, Blank: o.Blank}}
	}
	p.blending = semaphore.NewWeighted(blendedAtOnce)
	p.memory = semaphore.NewWeighted(p.limit)
	p.slots = semaphore.NewWeighted(int64(p.nSlots))
	p.parents = newParents(p)
	p.blocks = newBlocks(p, nWorkers)
	for range nWorkers {
		w := &worker{dds: dds.NewWorker(), encoder: mbtiles.NewEncoder(o.Compression)}
		if o.LowPriority {
			w.thread = newThread()
		}
		p.all = append(p.all, w)
		p.workers <- w
	}
	return p
}

// Close releases the workers. It waits for those still at work.
func (p *Pipeline) Close() error {
	var errs []error
	for range cap(p.workers) {
		w := <-p.workers
		if w.thread != nil {
			w.thread.close()
		}
		errs = append(errs, w.dds.Close())
	}
	return errors.Join(errs...)
}

// work runs f with one of the pipeline's workers.
func (p *Pipeline) work(ctx context.Context, task Task, f func(*worker) error) error {
	waiting := within(&p.load.workWaiting)
	select {
	case w := <-p.workers:
		waiting()
		defer func() { p.workers <- w }()
		return p.onThread(w, task, f)
	case <-ctx.Done():
		waiting()
		return ctx.Err()
	}
}

// Built is a finished texture. Its memory counts as in flight until Release or Take.
type Built struct {
	Item tiles.Item
	// File is the whole DDS file.
	File []byte
	// Tally counts the outcomes of its chunks.
	Tally
	// Sources says of how many chunks imagery of a layer is to be seen, by its ID. Where layers
	// meet, a chunk counts for each of them.
	Sources terms.Use
	// Captured are the days on which its chunks were taken, as far as their provider told. Those
	// that are enlarged do not count.
	Captured terms.Days
	// Cause is the error of the first chunk that failed, nil if none did.
	Cause error

	shown    int // chunks that show imagery
	pipeline *Pipeline
}

// Tally counts the chunks of a texture.
type Tally struct {
	Chunks     int // all
	Overzoomed int // enlarged from a parent zoom, for any reason
	Missing    int // the provider has no imagery there
	Failed     int // failed after retries: to be repaired
}

// Blank reports that all chunks failed.
func (b *Built) Blank() bool { return b.Failed == b.Chunks && b.shown == 0 }

// Release returns the file's memory to the pipeline; File must not be used any more.
func (b *Built) Release() {
	b.pipeline.buffers.put(b.File)
	b.Take()
}

// Take transfers the file to the caller: it no longer counts as in flight.
func (b *Built) Take() []byte {
	file := b.File
	b.File = nil
	b.pipeline.leaveMemory(b.pipeline.cost(b.Item))
	return file
}

// cost is the memory that a texture in flight counts for: its output, or the whole limit if that is
// smaller.
func (p *Pipeline) cost(it tiles.Item) int64 { return min(layout(it).Size(), p.limit) }

func layout(it tiles.Item) dds.Layout { return dds.Layout{Format: dds.BC1, Side: it.Side()} }

// Texture builds one texture. It waits until the pipeline has memory for it. The caller must
// release the result.
//
// Chunks that fail do not fail the texture: they are counted. An error means that ctx ended or that
// the texture cannot be built at all.
func (p *Pipeline) Texture(ctx context.Context, it tiles.Item) (*Built, error) {
	cost := p.cost(it)
	if err := p.enterMemory(ctx, cost); err != nil {
		return nil, fmt.Errorf("build %s: %w", it, err)
	}
	defer within(&p.load.textures)()
	buf := p.buffers.get(layout(it).Size())
	built, err := p.observed(ctx, it, buf)
	if err != nil {
		p.buffers.put(buf)
		p.leaveMemory(cost)
		return nil, fmt.Errorf("build %s: %w", it, err)
	}
	return built, nil
}

func (p *Pipeline) enterMemory(ctx context.Context, cost int64) error {
	defer within(&p.load.texturesWaiting)()
	if err := p.memory.Acquire(ctx, cost); err != nil {
		return err
	}
	p.load.memory.Add(cost)
	return nil
}

func (p *Pipeline) leaveMemory(cost int64) {
	p.load.memory.Add(-cost)
	p.memory.Release(cost)
}

// enterSlots waits for n slots.
func (p *Pipeline) enterSlots(ctx context.Context, n int64) error {
	defer within(&p.load.chunksWaiting)()
	if err := p.slots.Acquire(ctx, n); err != nil {
		return err
	}
	p.load.chunks.Add(n)
	return nil
}

func (p *Pipeline) leaveSlots(n int64) {
	p.load.chunks.Add(-n)
	p.slots.Release(n)
}

// observed builds, and reports to the observer.
func (p *Pipeline) observed(ctx context.Context, it tiles.Item, buf []byte) (*Built, error) {
	if p.observer == nil {
		return p.build(ctx, it, buf)
	}
	start := time.Now()
	p.observer.Building(it)
	built, err := p.build(ctx, it, buf)
	var tally Tally
	if err == nil {
		tally = built.Tally
	}
	p.observer.Built(it, tally, time.Since(start), err)
	return built, err
}

func (p *Pipeline) build(ctx context.Context, it tiles.Item, buf []byte) (*Built, error) {
	b, err := dds.NewBuilder(layout(it), buf, dds.WithQuality(p.quality))
	if err != nil {
		return nil, err
	}
	built := &Built{Item: it, Tally: Tally{Chunks: it.ChunkCount()}, Sources: terms.Use{},
		pipeline: p}
	var mu sync.Mutex // of built's tally, sources and cause

	ended := func(end ending, err error) error {
		if err != nil {
			return err
		}
		p.Counts.add(end)
		mu.Lock()
		defer mu.Unlock()
		built.count(end)
		return nil
	}

	g, chunkCtx := errgroup.WithContext(ctx)
	layers := p.standing(it)
	for _, batch := range batches(it, layers) {
		slots := p.slotsOf(batch)
		// Slots are held from the request until the chunks are encoded, so bodies cannot pile up in
		// front of the encoder.
		if err := p.enterSlots(chunkCtx, slots); err != nil {
			break // ctx ended, or Wait returns a chunk's error
		}
		g.Go(func() error {
			defer p.leaveSlots(slots)
			return p.batch(chunkCtx, b, batch, layers, ended)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	err = p.work(ctx, TaskFinish, func(*worker) error {
		if built.File, err = b.Finish(); err != nil || p.look == nil {
			return err
		}
		if change := p.look(it.Texture); change != nil {
			layout(it).Recolour(built.File, built.File, 0, change)
		}
		return nil
	})
	return built, err
}

// bufferPool keeps the output buffers of released textures for reuse: 11 MB allocated for every
// texture would burden the garbage collector.
type bufferPool struct {
	mu   sync.Mutex
	free [][]byte
}

// keptBuffers is how many free buffers are kept.
const keptBuffers = 8

func (p *bufferPool) get(size int64) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, b := range p.free {
		if int64(cap(b)) >= size {
			last := len(p.free) - 1
			p.free[i] = p.free[last]
			p.free = p.free[:last]
			return b
		}
	}
	return nil
}

func (p *bufferPool) put(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(b) > 0 && len(p.free) < keptBuffers {
		p.free = append(p.free, b)
	}
}
