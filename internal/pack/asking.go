package pack

import (
	"context"
	"errors"
	"image"
	"slices"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// asking is one chunk on its way through the layers.
type asking struct {
	pipeline *Pipeline
	builder  *dds.Builder
	placed
	parts []part // from the top

	end     ending
	done    bool // it is at its place
	lacking bool // a layer that goes as deep has nothing there
}

// part is what a layer has to do with the chunk.
type part struct {
	*Layer
	weights *area.Weights // nil: 255 throughout
	img     *image.NRGBA  // its picture, until it is placed
	shown   bool
	failed  int // how often it could not be had
}

// hides reports whether nothing is seen of what lies below, once the part has a picture.
func (p *part) hides() bool { return p.weights == nil && p.Priority == area.High }

// partsOf returns the parts of the layers that count in c.
func partsOf(layers []standing, c tiles.Chunk) (parts []part) {
	for _, l := range layers {
		cover := area.Inside
		if !l.whole {
			cover = l.Area.Cover(c)
		}
		one := part{Layer: l.Layer}
		if cover == area.Partly {
			one.weights = new(area.Weights)
			if cover = l.Area.Weigh(c, one.weights); cover == area.Inside {
				one.weights = nil
			}
		}
		if cover != area.Outside {
			parts = append(parts, one)
		}
	}
	return parts
}

// outcome is why a layer shows nothing, or that it does and when that was taken.
type outcome struct {
	err      error
	captured terms.Days
}

// chunk brings the chunk to its place in b, by what it takes. The error is only ever the context's
// or the builder's.
//
// The layers are asked from the top, each at the deepest level that it has there, until nothing of
// what lies below is to be seen; if that leaves something to be seen, those that had nothing are
// asked from the top again, a level up. What a layer could not give is a hole, whatever is shown in
// its place. top is what has come of asking the uppermost already, which hides the others; nil:
// nobody was asked.
func (p *Pipeline) chunk(ctx context.Context, b *dds.Builder, c placed, layers []standing,
	top *outcome) (ending, error) {
	a := asking{pipeline: p, builder: b, placed: c, parts: partsOf(layers, c.Chunk)}
	if slices.ContainsFunc(a.parts, func(part part) bool { return !part.hides() }) {
		// Decoded pictures wait for those below them.
		if err := p.blending.Acquire(ctx, 1); err != nil {
			return a.end, err
		}
		defer p.blending.Release(1)
	}
	for drop := range ParentLevels + 1 {
		hidden, err := a.round(ctx, drop, top)
		if err != nil {
			return a.end, err
		}
		if hidden {
			break
		}
		top = nil
	}
	if len(a.end.sources) == 0 {
		a.end.missing = true
	} else if p.fallback && slices.ContainsFunc(
		a.parts, func(part part) bool { return part.shown && part.failed == 0 }) {
		a.end.failed = nil
	}
	if a.done {
		return a.end, nil
	}
	return a.end, p.work(ctx, TaskFill, func(w *worker) error {
		if len(a.end.sources) == 0 {
			return w.dds.AddColor(b, c.place.Row, c.place.Col, ground)
		}
		return w.dds.AddPixels(b, c.place.Row, c.place.Col, compose(a.parts))
	})
}

// round asks the layers that have shown nothing yet, drop levels above the deepest that each has.
// It reports whether nothing of what lies below those that have is to be seen.
func (a *asking) round(ctx context.Context, drop int, top *outcome) (hidden bool, err error) {
	for n := range a.parts {
		part := &a.parts[n]
		level, ok := part.level(a.Z, drop)
		if !ok || part.shown || part.failed > 1 {
			continue
		}
		var err error
		if top != nil && n == 0 {
			err, a.done, a.end.captured = top.err, top.err == nil, top.captured
		} else {
			err = a.show(ctx, part, level)
		}
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err == nil:
			part.shown = true
			a.end.missing = a.end.missing || drop > 0 && a.lacking && len(a.end.sources) == 0
			a.end.sources = append(a.end.sources, part.Layer)
			a.end.overzoomed = a.end.overzoomed || level < a.Z
			if part.hides() {
				return true, nil
			}
		case errors.Is(err, fetch.ErrNoImagery):
			a.lacking = a.lacking || level == a.Z
		default:
			part.failed++
			if a.end.failed == nil {
				a.end.failed = err
			}
		}
	}
	return false, nil
}

// show brings what the part has at level to the chunk's place, if nothing else is to be seen there,
// or keeps it.
func (a *asking) show(ctx context.Context, part *part, level tiles.ZL) error {
	if !part.hides() || len(a.end.sources) > 0 {
		return a.keep(ctx, part, level)
	}
	p, l, c := a.pipeline, part.Layer, a.Chunk
	var err error
	switch {
	case level < c.Z:
		var piece piece
		if piece, err = p.parents.piece(ctx, l, c, level); err == nil {
			// Enlarged by a worker too: a picture for each of the waiting chunks would take
			// hundreds of megabytes.
			err = p.work(ctx, TaskFill, func(w *worker) error {
				return w.dds.AddPixels(a.builder, a.place.Row, a.place.Col, piece.enlarged())
			})
		}
	case l.levels() > 0:
		err = p.blocks.with(ctx, l, c, TaskChunk, func(t *tile) error {
			a.end.captured = t.captured
			return p.work(ctx, TaskChunk,
				func(w *worker) error { return t.add(w.dds, a.builder, a.place, c) })
		})
	default:
		err = p.fetchInto(ctx, l, c, func(body []byte) error {
			err := p.work(ctx, TaskChunk,
				func(w *worker) error { return l.addImage(w.dds, a.builder, a.place, c, body) })
			if err == nil {
				a.end.captured = fetch.Captured(body)
			}
			return err
		})
	}
	a.done = err == nil
	return err
}

// keep keeps what the part has at level.
func (a *asking) keep(ctx context.Context, part *part, level tiles.ZL) (err error) {
	p := a.pipeline
	if level == a.Z {
		var captured terms.Days
		part.img, captured, err = p.picture(ctx, part.Layer, a.Chunk, TaskChunk)
		a.end.captured = a.end.captured.And(captured)
		return err
	}
	piece, err := p.parents.piece(ctx, part.Layer, a.Chunk, level)
	if err != nil {
		return err
	}
	return p.work(ctx, TaskFill, func(*worker) error {
		part.img = piece.enlarged()
		return nil
	})
}
