// Package preview plans and draws the pictures with which map viewers show an archive: one for each
// texture, from its mip levels, and overviews, each of four pictures below it.
package preview

import (
	"context"
	"fmt"
	"image"
	"iter"
	"runtime"

	"github.com/xelpack/xelpack/internal/inorder"
	"github.com/xelpack/xelpack/internal/sqlite"
)

// Store reads textures and stores previews.
type Store interface {
	// ReadAt fills p from the DDS file of texture i.
	ReadAt(ctx context.Context, i int, p []byte, off int64) error
	// Tile returns a preview, or nil.
	Tile(ctx context.Context, t Tile) ([]byte, error)
	// Has returns for each place whether it has a preview.
	Has(ctx context.Context, places []Tile) ([]bool, error)
	// Put queues a preview.
	Put(ctx context.Context, t Tile, jpeg []byte) error
	// Flush waits until all queued previews can be read.
	Flush(ctx context.Context) error
}

// drawer draws what a pyramid plans.
type drawer struct {
	*Pyramid
	Store
}

// drawn is a finished preview.
type drawn struct {
	Tile
	jpeg []byte
}

// Draw draws what p plans, except for previews that exist already from an earlier run. It works
// from the deepest zoom upwards, because an overview is drawn from the four previews below it. The
// same previews are always put in the same order.
func (p *Pyramid) Draw(ctx context.Context, to Store) error {
	d := drawer{Pyramid: p, Store: to}
	var over []Tile
	for z := d.Deepest(); z >= 0; z-- {
		over = d.Overviews(z, over)
		draw := func(ctx context.Context,
			work func(context.Context) ([]drawn, error)) ([]drawn, error) {
			return work(ctx)
		}
		put := func(ctx context.Context, done []drawn) error {
			for _, p := range done {
				if err := d.Put(ctx, p.Tile, p.jpeg); err != nil {
					return err
				}
			}
			return nil
		}
		// Nearly all the time goes into decoding and encoding pictures.
		if err := inorder.Do(ctx, runtime.GOMAXPROCS(0), d.work(z, over), draw, put); err != nil {
			return err
		}
		if err := d.Flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// work yields what is to be drawn at zoom z.
func (d *drawer) work(z int, over []Tile) iter.Seq[func(context.Context) ([]drawn, error)] {
	return func(yield func(func(context.Context) ([]drawn, error)) bool) {
		for f := range d.fills(z, over) {
			if !yield(func(ctx context.Context) ([]drawn, error) { return d.fill(ctx, f) }) {
				return
			}
		}
		for _, t := range over {
			if !yield(func(ctx context.Context) ([]drawn, error) { return d.overview(ctx, t) }) {
				return
			}
		}
	}
}

func (d *drawer) fill(ctx context.Context, f fill) ([]drawn, error) {
	has, err := d.Has(ctx, f.places)
	if err != nil {
		return nil, err
	}
	var places []Tile
	for i, t := range f.places {
		if !has[i] {
			places = append(places, t)
		}
	}
	if len(places) == 0 {
		return nil, nil
	}
	f.places = places
	n := f.places[0].Z - f.Z
	img, err := d.picture(ctx, f.Square, n)
	if err != nil {
		return nil, err
	}
	var done []drawn
	for _, t := range f.places {
		jpeg, err := encodeJPEG(part(img, t, n), fillQuality)
		if err != nil {
			return nil, err
		}
		done = append(done, drawn{t, jpeg})
	}
	return done, nil
}

// part cuts place t, n levels below, out of the picture of its Square.
func part(img *image.RGBA, t Tile, n uint8) *image.RGBA {
	mask := uint32(1)<<n - 1
	return crop(img, 1<<n, int(t.X&mask), int(t.Y&mask))
}

// picture decodes the level of a square's texture that suits a place n levels below.
func (d *drawer) picture(ctx context.Context, s Square, n uint8) (*image.RGBA, error) {
	l := d.textures.Layout(s.Row)
	level := LevelOf(l, Side<<n)
	off, length := l.Level(level)
	blocks := make([]byte, length)
	if err := d.ReadAt(ctx, s.Row, blocks, off); err != nil {
		return nil, fmt.Errorf("texture %s: %w", d.textures.Texture(s.Row), err)
	}
	return decodeLevel(l, level, blocks)
}

func (d *drawer) overview(ctx context.Context, t Tile) ([]drawn, error) {
	done, err := d.Has(ctx, []Tile{t})
	if err != nil || done[0] {
		return nil, err
	}
	var quarters [4][]byte
	for i := range quarters {
		child := Tile{Z: t.Z + 1, X: 2*t.X + uint32(i&1), Y: 2*t.Y + uint32(i>>1)}
		if quarters[i], err = d.Tile(ctx, child); err != nil {
			return nil, err
		}
	}
	canvas := newCanvas()
	if s, ok := d.cover(t); ok {
		img, err := d.picture(ctx, s, t.Z-s.Z)
		if err != nil {
			return nil, err
		}
		canvas = asKept(part(img, t, t.Z-s.Z))
	}
	for i, jpeg := range quarters {
		if jpeg == nil {
			continue
		}
		img, err := Decode(jpeg)
		if err != nil {
			return nil, sqlite.Corrupt("overview %s: the preview below it: %v", t, err)
		}
		drawQuarter(canvas, i&1, i>>1, img)
	}
	jpeg, err := encodeJPEG(canvas, quality)
	return []drawn{{t, jpeg}}, err
}
