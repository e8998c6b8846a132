package preview

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"slices"

	"github.com/xelpack/xelpack/internal/inorder"
)

// Coming is a Store of textures that come one after the other, in the order of Textures. It has no
// preview but the textures' own and those that were put.
type Coming interface {
	// ReadAt fills p from the DDS file of texture i, once all have come.
	ReadAt(ctx context.Context, i int, p []byte, off int64) error
	// Tile waits for a preview that is planned, and returns nil for another.
	Tile(ctx context.Context, t Tile) ([]byte, error)
	Put(ctx context.Context, t Tile, jpeg []byte) error
	// Await waits until the previews of the first n textures can be read; if n is All, until the
	// textures can be read too.
	Await(ctx context.Context, n int) error
}

// All is more textures than there are.
const All = 1<<31 - 1

// step is what is drawn at a time: an overview, or if it has places, those that the square fills.
type step struct {
	Square
	places []Tile
	needs  int // as many of the first textures
}

// steps yields the steps in their order, which is that of an archive: from the deepest zoom
// upwards, fills before overviews.
func (p *Pyramid) steps() iter.Seq[step] {
	return func(yield func(step) bool) {
		var over []Tile
		for z := p.Deepest(); z >= 0; z-- {
			over = p.Overviews(z, over)
			for f := range p.fills(z, over) {
				if !yield(step{f.Square, f.places, All}) {
					return
				}
			}
			for _, t := range over {
				if !yield(step{Square: Square{Tile: t}}) {
					return
				}
			}
		}
	}
}

// Drawn yields the places of all that is drawn, in the order of an archive.
func (p *Pyramid) Drawn() iter.Seq[Tile] {
	return func(yield func(Tile) bool) {
		for s := range p.steps() {
			if s.places == nil && !yield(s.Tile) {
				return
			}
			for _, t := range s.places {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// DrawEarly draws what p plans while the textures come, each as soon as what it is drawn from is
// there.
func (p *Pyramid) DrawEarly(ctx context.Context, to Coming) error {
	needs := make(map[Tile]int) // of what was planned so far
	var all []step
	for s := range p.steps() {
		if s.places == nil {
			s.needs = p.needs(s.Tile, needs)
			needs[s.Tile] = s.needs
		}
		for _, t := range s.places {
			needs[t] = All
		}
		all = append(all, s)
	}
	clear(needs)
	// What is drawn from drawings stays behind them: it needs no fewer textures.
	slices.SortStableFunc(all, func(a, b step) int { return cmp.Compare(a.needs, b.needs) })
	var errAwait error
	coming := func(yield func(step) bool) {
		for _, s := range all {
			if errAwait = to.Await(ctx, s.needs); errAwait != nil || !yield(s) {
				return
			}
		}
	}
	d := drawer{p, noneYet{to}}
	draw := func(ctx context.Context, s step) ([]drawn, error) {
		if s.places == nil {
			return d.overview(ctx, s.Tile)
		}
		return d.fill(ctx, fill{s.Square, s.places})
	}
	put := func(ctx context.Context, done []drawn) error {
		for _, p := range done {
			if err := to.Put(ctx, p.Tile, p.jpeg); err != nil {
				return err
			}
		}
		return nil
	}
	err := inorder.Do(ctx, runtime.GOMAXPROCS(0), coming, draw, put)
	return cmp.Or(err, errAwait)
}

// needs returns how many of the first textures an overview needs; those below it are known.
func (p *Pyramid) needs(t Tile, known map[Tile]int) (n int) {
	if _, covered := p.cover(t); covered {
		return All
	}
	for i := range uint32(4) {
		child := Tile{Z: t.Z + 1, X: 2*t.X + i&1, Y: 2*t.Y + i>>1}
		n = max(n, known[child])
		if s, ok := p.Find(child); ok {
			n = max(n, s.Row+1)
		}
	}
	return n
}

// noneYet is a Coming as a Store.
type noneYet struct{ Coming }

func (noneYet) Has(_ context.Context, places []Tile) ([]bool, error) {
	return make([]bool, len(places)), nil
}

func (noneYet) Flush(context.Context) error { return nil }
