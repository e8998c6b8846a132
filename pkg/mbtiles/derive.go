package mbtiles

import (
	"context"
	"fmt"
	"image"
	"io"
	"iter"
	"runtime"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// deriver makes what a pyramid plans. Places that have their preview already are left: an earlier run got so far.
type deriver struct {
	*pyramid
	*reader
	put   func(ctx context.Context, t tile, jpeg []byte) error // queues a preview
	flush func(ctx context.Context) error                      // waits until they can be read
}

// drawn is a preview that was made.
type drawn struct {
	tile
	jpeg []byte
}

// run works from the deepest zoom upwards, since an overview is drawn from the four previews below it. The same previews are put in the same order, always.
func (d *deriver) run(ctx context.Context) error {
	var over []tile
	for z := d.deepest(); z >= 0; z-- {
		over = d.overviews(z, over)
		draw := func(ctx context.Context, work func(context.Context) ([]drawn, error)) ([]drawn, error) {
			return work(ctx)
		}
		put := func(ctx context.Context, done []drawn) error {
			for _, p := range done {
				if err := d.put(ctx, p.tile, p.jpeg); err != nil {
					return err
				}
			}
			return nil
		}
		// Nearly all of it is decoding and encoding pictures.
		if err := inOrder(ctx, runtime.GOMAXPROCS(0), d.work(z, over), draw, put); err != nil {
			return err
		}
		if err := d.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// work is what there is to draw at zoom z.
func (d *deriver) work(z int, over []tile) iter.Seq[func(context.Context) ([]drawn, error)] {
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

func (d *deriver) fill(ctx context.Context, f fill) ([]drawn, error) {
	err := d.conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		f.places, err = absent(ctx, c, f.places)
		return err
	})
	if err != nil || len(f.places) == 0 {
		return nil, err
	}
	n := f.places[0].z - f.z
	img, err := d.picture(ctx, f.square, n)
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

// absent returns those places that have no preview.
func absent(ctx context.Context, c *sqlite.Conn, places []tile) ([]tile, error) {
	var found []tile
	for _, t := range places {
		has, err := hasTile(ctx, c, t)
		if err != nil {
			return nil, err
		}
		if !has {
			found = append(found, t)
		}
	}
	return found, nil
}

// part cuts place t, n levels below, out of the picture of its square.
func part(img *image.RGBA, t tile, n uint8) *image.RGBA {
	mask := uint32(1)<<n - 1
	return crop(img, 1<<n, int(t.x&mask), int(t.y&mask))
}

// picture decodes the level of a square's texture that fits a place n levels below.
func (d *deriver) picture(ctx context.Context, s square, n uint8) (*image.RGBA, error) {
	e := d.index.entry(s.row)
	level := levelOf(e.Layout, previewSide<<n)
	off, length := e.Layout.Level(level)
	blocks := make([]byte, length)
	if _, err := d.readAt(ctx, e.content, e.Layout, blocks, off); err != nil && err != io.EOF {
		return nil, fmt.Errorf("texture %s: %w", e.Texture, err)
	}
	return decodeLevel(e.Layout, level, blocks)
}

func (d *deriver) overview(ctx context.Context, t tile) ([]drawn, error) {
	var quarters [4][]byte
	done := false
	err := d.conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		if done, err = hasTile(ctx, c, t); done || err != nil {
			return err
		}
		for i := range quarters {
			child := tile{z: t.z + 1, x: 2*t.x + uint32(i&1), y: 2*t.y + uint32(i>>1)}
			if quarters[i], err = readTile(ctx, c, child); err != nil {
				return err
			}
		}
		return nil
	})
	if done || err != nil {
		return nil, err
	}
	canvas := newCanvas()
	if s, ok := d.cover(t); ok {
		img, err := d.picture(ctx, s, t.z-s.z)
		if err != nil {
			return nil, err
		}
		canvas = part(img, t, t.z-s.z)
	}
	for i, jpeg := range quarters {
		if jpeg == nil {
			continue
		}
		img, err := decodePreview(jpeg)
		if err != nil {
			return nil, corrupt("overview %s: the preview below it: %v", t, err)
		}
		drawQuarter(canvas, i&1, i>>1, img)
	}
	jpeg, err := encodeJPEG(canvas, previewQuality)
	return []drawn{{t, jpeg}}, err
}
