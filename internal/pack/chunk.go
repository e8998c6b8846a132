package pack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var ground = dds.Ground

// decodeTries is how often a body that passed the source's checks, but that the decoder rejects, is
// fetched.
const decodeTries = 3

// ending is the outcome of one chunk.
type ending struct {
	sources    []*Layer   // whose imagery is to be seen
	captured   terms.Days // on which it was taken, if the provider told, of an own chunk
	overzoomed bool
	missing    bool
	failed     error // nil unless the chunk, or a parent to fill it from, could not be fetched
}

func (b *Built) count(e ending) {
	for i, l := range e.sources {
		if !slices.ContainsFunc(e.sources[:i], func(above *Layer) bool { return above.ID == l.ID }) {
			b.Sources[l.ID]++
		}
	}
	if len(e.sources) > 0 {
		b.shown++
	}
	b.Captured = b.Captured.And(e.captured)
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
	Textures              atomic.Int64 // in an archive, or about to be written

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

// Done returns how many chunks are finished.
func (c *Counts) Done() int64 { return c.OK.Load() + c.NoImagery.Load() + c.Failed.Load() }

// fetchInto fetches a tile of a layer and hands the body to use. A body that the decoder rejects is not
// imagery, whatever it looked like: it is asked for again, and not from a store that kept it.
func (p *Pipeline) fetchInto(ctx context.Context, l *Layer, c tiles.Chunk,
	use func(body []byte) error) error {
	var err error
	for range decodeTries {
		var body []byte
		if body, err = p.fetch(ctx, l, c); err != nil {
			return err
		}
		err = use(body)
		if !errors.Is(err, dds.ErrJPEG) && !errors.Is(err, errImage) {
			return err
		}
		if keeper, ok := l.Source.(fetch.Keeper); ok {
			keeper.Forget(c)
		}
	}
	return fmt.Errorf("%w: %w", fetch.ErrBody, err)
}

func (p *Pipeline) fetch(ctx context.Context, l *Layer, c tiles.Chunk) ([]byte, error) {
	defer within(&p.load.fetching)()
	return l.Source.Fetch(ctx, c)
}
