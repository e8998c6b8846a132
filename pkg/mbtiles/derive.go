package mbtiles

import (
	"context"
	"fmt"
	"image"
	"io"
	"iter"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// maxFill is how many levels below a texture's own its larger mips stand in for sharper textures.
const maxFill = 2

// square is the texture whose preview is shown at a place of the grid.
type square struct {
	tile
	row int // of the index
}

// pyramid plans the previews that are no texture's own: overviews, and fills below textures where others go deeper.
type pyramid struct {
	index  *index
	levels [][]square // by tile zoom, each sorted by tile.compare
}

func newPyramid(x *index) *pyramid {
	p := &pyramid{index: x}
	for i := range x.rows {
		at := tileOf(x.entry(i).Texture)
		for len(p.levels) <= int(at.z) {
			p.levels = append(p.levels, nil)
		}
		level := p.levels[at.z]
		if n := len(level); n > 0 && level[n-1].tile == at {
			if x.folded[x.rows[i].maptype] < x.folded[x.rows[level[n-1].row].maptype] {
				level[n-1].row = i
			}
			continue
		}
		p.levels[at.z] = append(level, square{at, i})
	}
	return p
}

// deepest is the largest tile zoom that has textures.
func (p *pyramid) deepest() int { return len(p.levels) - 1 }

func (p *pyramid) find(t tile) (square, bool) {
	if int(t.z) >= len(p.levels) {
		return square{}, false
	}
	i, ok := slices.BinarySearchFunc(p.levels[t.z], t, func(s square, t tile) int { return s.tile.compare(t) })
	if !ok {
		return square{}, false
	}
	return p.levels[t.z][i], true
}

// cover returns the nearest square above t, maxFill levels up at most, whose picture can stand in for t.
func (p *pyramid) cover(t tile) (square, bool) {
	for n := uint8(1); n <= maxFill && n <= t.z; n++ {
		if s, ok := p.find(t.up(n)); ok {
			return s, true
		}
	}
	return square{}, false
}

// overviews returns the places at zoom z that have no texture but do have something below them; below are those at z+1.
func (p *pyramid) overviews(z int, below []tile) []tile {
	var over []tile
	for _, t := range below {
		over = append(over, t.up(1))
	}
	if z < p.deepest() {
		for _, s := range p.levels[z+1] {
			over = append(over, s.up(1))
		}
	}
	slices.SortFunc(over, tile.compare)
	over = slices.Compact(over)
	return slices.DeleteFunc(over, func(t tile) bool { _, has := p.find(t); return has })
}

// fill is the places at one zoom that a square stands in for.
type fill struct {
	square
	places []tile
}

// fills yields what stands in at zoom z for textures that are not there; over is what has an overview. Only mip levels that exist do: to enlarge the
// small textures of a flight's far sides would cost more time and bytes than the textures themselves.
func (p *pyramid) fills(z int, over []tile) iter.Seq[fill] {
	return func(yield func(fill) bool) {
		for n := 1; n <= min(maxFill, z); n++ {
			for _, s := range p.levels[z-n] {
				if p.index.entry(s.row).Layout.Side < previewSide<<n {
					continue
				}
				if f := p.fillOf(s, n, over); len(f.places) > 0 && !yield(f) {
					return
				}
			}
		}
	}
}

// fillOf returns the places n levels below s that s is to fill.
func (p *pyramid) fillOf(s square, n int, over []tile) fill {
	f := fill{square: s}
	for i := range uint32(1) << (2 * n) {
		t := tile{z: s.z + uint8(n), x: s.x<<n + i&(1<<n-1), y: s.y<<n + i>>n}
		_, own := p.find(t)
		_, overview := slices.BinarySearchFunc(over, t, tile.compare)
		if nearest, _ := p.cover(t); !own && !overview && nearest.tile == s.tile {
			f.places = append(f.places, t)
		}
	}
	return f
}

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
