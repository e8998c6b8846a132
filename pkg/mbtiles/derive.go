package mbtiles

import (
	"context"
	"fmt"
	"image"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// deriver makes what a pyramid plans. Places that have their preview already are left: an earlier run got so far.
type deriver struct {
	*pyramid
	*reader
	put   func(ctx context.Context, t tile, jpeg []byte) error // queues a preview
	flush func(ctx context.Context) error                      // waits until they can be read
}

// run works from the deepest zoom upwards, since an overview is drawn from the four previews below it.
func (d *deriver) run(ctx context.Context) error {
	var over []tile
	for z := d.deepest(); z >= 0; z-- {
		over = d.overviews(z, over)
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(runtime.GOMAXPROCS(0)) // nearly all of it is decoding and encoding pictures
		for f := range d.fills(z, over) {
			g.Go(func() error { return d.fill(gctx, f) })
		}
		for _, t := range over {
			g.Go(func() error { return d.overview(gctx, t) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if err := d.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *deriver) fill(ctx context.Context, f fill) error {
	err := d.conns.do(ctx, func(c *conn) (err error) {
		f.places, err = absent(ctx, c, f.places)
		return err
	})
	if err != nil || len(f.places) == 0 {
		return err
	}
	n := f.places[0].z - f.z
	img, err := d.picture(ctx, f.square, n)
	if err != nil {
		return err
	}
	for _, t := range f.places {
		if err := d.write(ctx, t, part(img, t, n), fillQuality); err != nil {
			return err
		}
	}
	return nil
}

// absent returns those places that have no preview.
func absent(ctx context.Context, c *conn, places []tile) ([]tile, error) {
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

func (d *deriver) overview(ctx context.Context, t tile) error {
	var quarters [4][]byte
	done := false
	err := d.conns.do(ctx, func(c *conn) (err error) {
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
		return err
	}
	canvas := newCanvas()
	if s, ok := d.cover(t); ok {
		img, err := d.picture(ctx, s, t.z-s.z)
		if err != nil {
			return err
		}
		canvas = part(img, t, t.z-s.z)
	}
	for i, jpeg := range quarters {
		if jpeg == nil {
			continue
		}
		img, err := decodePreview(jpeg)
		if err != nil {
			return corrupt("overview %s: the preview below it: %v", t, err)
		}
		drawQuarter(canvas, i&1, i>>1, img)
	}
	return d.write(ctx, t, canvas, previewQuality)
}

func (d *deriver) write(ctx context.Context, t tile, img *image.RGBA, quality int) error {
	jpeg, err := encodeJPEG(img, quality)
	if err != nil {
		return err
	}
	return d.put(ctx, t, jpeg)
}
