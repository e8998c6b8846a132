package planmap

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"github.com/paulmach/orb"
	"golang.org/x/image/font"
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// pen draws on a picture, in pixels.
type pen struct {
	img    *image.RGBA
	raster *vector.Rasterizer
}

func newPen(img *image.RGBA) *pen {
	return &pen{img, vector.NewRasterizer(img.Rect.Dx(), img.Rect.Dy())}
}

// fill fills rings by non-zero winding.
func (p *pen) fill(c color.Color, rings ...orb.Ring) { p.on(p.img, c, rings) }

// stroke draws lines of the given thickness in pixels, with round joints and ends.
func (p *pen) stroke(c color.Color, thick float64, lines ...orb.LineString) {
	p.on(p.img, c, strokes(thick, lines))
}

func (p *pen) on(dst draw.Image, c color.Color, rings []orb.Ring) {
	p.raster.Reset(p.img.Rect.Dx(), p.img.Rect.Dy())
	for _, ring := range rings {
		for i, at := range ring {
			if x, y := float32(at[0]), float32(at[1]); i == 0 {
				p.raster.MoveTo(x, y)
			} else {
				p.raster.LineTo(x, y)
			}
		}
		p.raster.ClosePath()
	}
	p.raster.Draw(dst, dst.Bounds(), image.NewUniform(c), image.Point{})
}

// outline draws the outline of the rings' union: every ring's line, except inside other rings.
func (p *pen) outline(c color.Color, thick float64, rings []orb.Ring) {
	line, inner := image.NewAlpha(p.img.Rect), image.NewAlpha(p.img.Rect)
	lines := make([]orb.LineString, len(rings))
	for i, ring := range rings {
		lines[i] = orb.LineString(ring)
	}
	p.on(line, color.Opaque, strokes(2*thick, lines))
	p.on(inner, color.Opaque, rings)
	for i, covered := range inner.Pix {
		line.Pix[i] = min(line.Pix[i], 255-covered)
	}
	draw.DrawMask(p.img, p.img.Rect, image.NewUniform(c), image.Point{}, line, image.Point{},
		draw.Over)
}

// strokes turns lines into a quadrilateral per segment and a disc per point, all with the same
// orientation, so that they add up.
func strokes(thick float64, lines []orb.LineString) []orb.Ring {
	var shapes []orb.Ring
	r := thick / 2
	for _, line := range lines {
		for i, to := range line {
			if thick > 2 || i == 0 || i == len(line)-1 {
				shapes = append(shapes, disc(to, r))
			}
			if i == 0 || to == line[i-1] {
				continue
			}
			from := line[i-1]
			length := math.Hypot(to[0]-from[0], to[1]-from[1])
			dx, dy := (to[0]-from[0])/length*r, (to[1]-from[1])/length*r
			shapes = append(shapes, orb.Ring{
				{from[0] + dy, from[1] - dx}, {to[0] + dy, to[1] - dx}, {to[0] - dy, to[1] + dx},
				{from[0] - dy, from[1] + dx},
			})
		}
	}
	return shapes
}

func disc(at orb.Point, r float64) orb.Ring {
	n := 8 + 2*int(r)
	ring := make(orb.Ring, n)
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		ring[i] = orb.Point{at[0] + r*cos, at[1] + r*sin}
	}
	return ring
}

// letters are 8 pixels wide and 16 high.
const letterWidth = 8

// text writes s with the left end of its baseline at (x, y).
func (p *pen) text(s string, x, y int, bold bool, c color.Color) {
	face := inconsolata.Regular8x16
	if bold {
		face = inconsolata.Bold8x16
	}
	d := font.Drawer{Dst: p.img, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

// halo writes s readably on a busy background.
func (p *pen) halo(s string, x, y int, c, ground color.Color) {
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			p.text(s, x+dx, y+dy, false, ground)
		}
	}
	p.text(s, x, y, false, c)
}
