package pack

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"sync/atomic"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Ground is the neutral colour of ground that no imagery could be had for.
var ground = color.NRGBA{R: 66, G: 77, B: 55, A: 255}

// decodeTries is how often a body that passed the source's checks, but that the decoder rejects, is
// asked for again.
const decodeTries = 3

// ending is what became of one chunk.
type ending struct {
	overzoomed bool
	missing    bool
	failed     error // nil unless the chunk, or a parent that should have filled it, could not be had
}

func (b *Built) count(e ending) {
	if e.overzoomed {
		b.Overzoomed++
	}
	switch {
	case e.failed != nil:
		b.Failed++
		if b.Cause == nil || errors.Is(e.failed, fetch.ErrDown) {
			b.Cause = e.failed
		}
	case e.missing:
		b.Missing++
	}
}

// Counts are running totals, safe for concurrent use.
type Counts struct {
	OK, NoImagery, Failed atomic.Int64 // chunks by outcome
	Textures              atomic.Int64 // in an archive, or on their way there

	causes causes // of Failed
}

func (c *Counts) add(e ending) {
	switch {
	case e.failed != nil:
		c.Failed.Add(1)
		c.causes.add(e.failed)
	case e.missing:
		c.NoImagery.Add(1)
	default:
		c.OK.Add(1)
	}
}

// Done returns how many chunks have come to an end.
func (c *Counts) Done() int64 { return c.OK.Load() + c.NoImagery.Load() + c.Failed.Load() }

// chunk brings the chunk, which is a tile of its own, to its place in b, by what it takes. The error
// is only ever the context's or the builder's.
func (p *Pipeline) chunk(ctx context.Context, b *dds.Builder, place tiles.Place, c tiles.Chunk) (ending, error) {
	return p.orFill(ctx, b, place, c, p.fetchInto(ctx, c, func(body []byte) error {
		return p.work(ctx, TaskChunk, func(w *worker) error { return p.addImage(w.dds, b, place, c, body) })
	}))
}

// orFill is done unless err says why the chunk could not be brought to its place: then it is filled
// with what there is.
func (p *Pipeline) orFill(ctx context.Context, b *dds.Builder, place tiles.Place, c tiles.Chunk, err error) (ending, error) {
	var end ending
	switch {
	case err == nil:
		return end, nil
	case ctx.Err() != nil:
		return end, ctx.Err()
	case errors.Is(err, errDeeper):
	case errors.Is(err, fetch.ErrNoImagery):
		end.missing = true
	default:
		end.failed = err
	}
	piece, err := p.parents.find(ctx, c)
	switch {
	case ctx.Err() != nil:
		return end, ctx.Err()
	case err == nil:
		end.overzoomed = true
		// Enlarged by a worker too: a picture for each of the chunks that wait for one would take
		// memory by the hundred megabytes.
		return end, p.work(ctx, TaskFill, func(w *worker) error { return w.dds.AddPixels(b, place.Row, place.Col, piece.enlarged()) })
	case errors.Is(err, fetch.ErrNoImagery):
		end.missing = true
	case end.failed == nil:
		end.failed = err
	}
	return end, p.work(ctx, TaskFill, func(w *worker) error { return w.dds.AddColor(b, place.Row, place.Col, ground) })
}

// errDeeper: the provider does not go so deep, and is not asked.
var errDeeper = errors.New("deeper than the provider goes")

// fetchInto fetches a tile and hands the body to use. A body that the decoder rejects is not
// imagery, whatever it looked like: it is asked for again, and not from a store that kept it.
func (p *Pipeline) fetchInto(ctx context.Context, c tiles.Chunk, use func(body []byte) error) error {
	var err error
	for range decodeTries {
		var body []byte
		if body, err = p.fetch(ctx, c); err != nil {
			return err
		}
		err = use(body)
		if !errors.Is(err, dds.ErrJPEG) && !errors.Is(err, errImage) {
			return err
		}
		if keeper, ok := p.source.(fetch.Keeper); ok {
			keeper.Forget(c)
		}
	}
	return fmt.Errorf("%w: %w", fetch.ErrBody, err)
}

func (p *Pipeline) fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	defer within(&p.load.fetching)()
	return p.source.Fetch(ctx, c)
}
