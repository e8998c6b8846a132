package planmap

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// The picture's size in pixels: the map on the left, totals and legend on the right.
const (
	pictureWidth  = 1600
	pictureHeight = 1000
	mapWidth      = 1200
)

var (
	paper      = color.RGBA{255, 255, 255, 255}
	halfPaper  = color.RGBA{128, 128, 128, 128} // premultiplied
	words      = color.RGBA{28, 36, 48, 255}
	muted      = color.RGBA{91, 102, 117, 255}
	rule       = color.RGBA{221, 226, 232, 255}
	sea        = color.RGBA{238, 242, 246, 255}
	landColour = color.RGBA{220, 220, 207, 255}
	coast      = color.RGBA{89, 99, 110, 255}
	graticule  = color.RGBA{48, 53, 58, 90} // premultiplied
	areaColour = color.RGBA{179, 80, 15, 255}
	cellColour = color.NRGBA{179, 80, 15, 153}
	ink        = color.RGBA{20, 24, 29, 255}
)

// textureOpacity lets the ground show through, as on the page.
const textureOpacity = 0.9

// tintOpacity is for textures over their own imagery.
const tintOpacity = 0.3

// WritePNG writes the map as a picture of 1600×1000 pixels.
func (m Map) WritePNG(w io.Writer) error {
	img, err := m.picture()
	if err != nil {
		return err
	}
	return png.Encode(w, img)
}

func (m Map) picture() (*image.RGBA, error) {
	coasts, err := land()
	if err != nil {
		return nil, err
	}
	all := classes(m.Items)
	flown, stops := m.lines()
	rings := m.rings()

	img := image.NewRGBA(image.Rect(0, 0, pictureWidth, pictureHeight))
	draw.Draw(img, img.Rect, image.NewUniform(paper), image.Point{}, draw.Src)
	chart := img.SubImage(image.Rect(0, 0, mapWidth, pictureHeight)).(*image.RGBA)
	v := newView(chart, extent(all, flown, rings))
	v.ground(coasts)
	opacity := textureOpacity
	if m.Imagery != nil {
		v.imagery(*m.Imagery, all)
		opacity = tintOpacity
	}
	for _, c := range all {
		v.textures(c, opacity)
	}
	v.coastlines(coasts)
	v.graticule()
	v.cells(m.cells())
	v.area(rings)
	v.holes(m.Holes)
	v.routes(flown, stops)
	v.scaleBar()
	m.panel(newPen(img))
	return img, nil
}

// view is a part of the world on a picture.
type view struct {
	*pen
	west, north float64 // of the picture's north-west corner
	scale       float64 // pixels per width of the world
	world       image.Rectangle
}

func newView(img *image.RGBA, extent orb.Bound) view {
	const edge = 0.92
	wide, high := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	scale := min(wide*edge/max(extent.Max[0]-extent.Min[0], 1e-9),
		high*edge/max(extent.Max[1]-extent.Min[1], 1e-9), 1<<28)
	middle := extent.Center()
	v := view{newPen(img), middle[0] - wide/2/scale, middle[1] - high/2/scale, scale, img.Rect}
	v.world.Min.Y = max(v.world.Min.Y, int(v.y(0)))
	v.world.Max.Y = min(v.world.Max.Y, int(v.y(1)))
	return v
}

func (v view) x(x float64) float64 { return (x - v.west) * v.scale }
func (v view) y(y float64) float64 { return (y - v.north) * v.scale }

// lon and lat return the degrees at a pixel; longitudes may be beyond ±180.
func (v view) lon(px float64) float64 { return (px/v.scale+v.west)*360 - 180 }
func (v view) lat(px float64) float64 {
	return math.Atan(math.Sinh(math.Pi*(1-2*(px/v.scale+v.north)))) * 180 / math.Pi
}

// turns returns the shifts by whole worlds at which something between from and to may be visible.
func (v view) turns(from, to float64) []float64 {
	var shifts []float64
	east := v.west + float64(v.img.Rect.Dx())/v.scale
	for turn := math.Ceil(v.west - to); turn+from <= east; turn++ {
		shifts = append(shifts, turn)
	}
	return shifts
}

// bound is the picture with a margin that hides the edges of clipped shapes.
func (v view) bound() orb.Bound {
	const margin = 20
	return orb.Bound{
		Min: orb.Point{-margin, float64(v.world.Min.Y) - margin},
		Max: orb.Point{float64(v.img.Rect.Dx()) + margin, float64(v.world.Max.Y) + margin},
	}
}

// onPicture converts a line to pixels, once for every time the picture shows it.
func (v view) onPicture(line orb.LineString) []orb.LineString {
	var copies []orb.LineString
	b := line.Bound()
	for _, turn := range v.turns(b.Min.X(), b.Max.X()) {
		moved := make(orb.LineString, len(line))
		for i, p := range line {
			moved[i] = orb.Point{v.x(p[0] + turn), v.y(p[1])}
		}
		copies = append(copies, moved)
	}
	return copies
}

// cut clips rings to the picture.
func (v view) cut(rings []orb.Ring) []orb.Ring {
	var inside []orb.Ring
	for _, ring := range rings {
		for _, moved := range v.onPicture(orb.LineString(ring)) {
			if part := clip.Ring(v.bound(), orb.Ring(moved)); len(part) > 2 {
				inside = append(inside, part)
			}
		}
	}
	return inside
}

func (v view) cutLines(lines []orb.LineString) []orb.LineString {
	var inside []orb.LineString
	for _, line := range lines {
		for _, moved := range v.onPicture(line) {
			inside = append(inside, clip.LineString(v.bound(), moved)...)
		}
	}
	return inside
}

func placed(ring orb.Ring) orb.Ring {
	moved := make(orb.Ring, len(ring))
	for i, p := range ring {
		moved[i] = place(p)
	}
	return moved
}

func (v view) ground(coasts []orb.Ring) {
	draw.Draw(v.img, v.img.Rect, image.NewUniform(sea), image.Point{}, draw.Src)
	var rings []orb.Ring
	for _, ring := range coasts {
		rings = append(rings, placed(ring))
	}
	v.fill(landColour, v.cut(rings)...)
}

// coastlines draws the coasts, except along the edge of the map, where Antarctica is closed.
func (v view) coastlines(coasts []orb.Ring) {
	var lines []orb.LineString
	for _, ring := range coasts {
		var line orb.LineString
		for i, p := range ring {
			if i > 0 && min(p.Lat(), ring[i-1].Lat()) < -tiles.MaxLatitude {
				lines, line = append(lines, line), nil
			}
			line = append(line, place(p))
		}
		lines = append(lines, line)
	}
	lines = v.cutLines(lines)
	v.stroke(halfPaper, 3.2, lines...)
	v.stroke(coast, 1.2, lines...)
}

func (v view) textures(c class, opacity float64) {
	colour := colour(c.zl, c.detail, false)
	shade := image.NewUniform(
		color.NRGBA{colour.R, colour.G, colour.B, uint8(math.Round(opacity * 255))})
	for _, r := range c.runs {
		b := c.bound(r)
		for _, turn := range v.turns(b.Min[0], b.Max[0]) {
			at := image.Rect(round(v.x(b.Min[0]+turn)), round(v.y(b.Min[1])),
				round(v.x(b.Max[0]+turn)), round(v.y(b.Max[1])))
			at.Max = image.Pt(max(at.Max.X, at.Min.X+1), max(at.Max.Y, at.Min.Y+1))
			draw.Draw(v.img, at.Intersect(v.img.Rect), shade, image.Point{}, draw.Over)
			if opacity < textureOpacity {
				frame(v.img, at, image.NewUniform(colour))
			}
			if width := v.scale / c.side(); width >= 9 {
				v.mesh(at, r, width)
			}
		}
	}
}

// mesh draws lines between textures.
func (v view) mesh(at image.Rectangle, r run, width float64) {
	line := image.NewUniform(color.NRGBA{255, 255, 255, uint8(min(190, 10*(width-7)))})
	fill := func(x0, y0, x1, y1 int) {
		draw.Draw(v.img, image.Rect(x0, y0, x1, y1).Intersect(v.img.Rect), line, image.Point{},
			draw.Over)
	}
	fill(at.Min.X, at.Min.Y, at.Max.X, at.Min.Y+1)
	for i := range r.n {
		x := at.Min.X + round(float64(i)*width)
		fill(x, at.Min.Y+1, x+1, at.Max.Y)
	}
}

// cells draws thin lines along the middle of pixels, once where two cells meet.
func (v view) cells(outlines []orb.LineString) {
	lines := v.cutLines(outlines)
	for _, line := range lines {
		for i, p := range line {
			line[i] = orb.Point{math.Floor(p[0]) + 0.5, math.Floor(p[1]) + 0.5}
		}
	}
	v.stroke(cellColour, 1, lines...)
}

func (v view) area(rings []orb.Ring) {
	rings = v.cut(rings)
	v.outline(paper, 3.5, rings)
	v.outline(areaColour, 2, rings)
}

func (v view) routes(flown, stops []orb.LineString) {
	lines := v.cutLines(flown)
	v.stroke(paper, 6, lines...)
	v.stroke(ink, 3, lines...)
	for _, line := range stops {
		for _, moved := range v.onPicture(line) {
			for i, p := range moved {
				r := 4.0
				if i == 0 || i == len(moved)-1 {
					r = 6
				}
				outer, inner := ink, paper
				if i == 0 {
					outer, inner = paper, ink
				}
				v.fill(outer, disc(p, r+1))
				v.fill(inner, disc(p, r-1))
			}
		}
	}
}

func round(v float64) int { return int(math.Round(v)) }

// graticule draws meridians and parallels with their degrees at the picture's edges.
func (v view) graticule() {
	wide, high := float64(v.img.Rect.Dx()), float64(v.img.Rect.Dy())
	step := 30.0
	for _, s := range [...]float64{20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05} {
		if step/360*v.scale >= 190 {
			step = s
		}
	}
	digits := max(0, int(math.Ceil(-math.Log10(step))))
	line := image.NewUniform(graticule)
	var labels []func()
	label := func(degrees float64, positive, negative string, at func(s string) (x, y int)) {
		letter := positive
		switch {
		case degrees < 0:
			letter = negative
		case degrees == 0:
			letter = ""
		}
		s := fmt.Sprintf("%.*f°%s", digits, math.Abs(degrees), letter)
		x, y := at(s)
		labels = append(labels, func() { v.halo(s, x, y, words, paper) })
	}
	for n := math.Ceil(v.lon(0) / step); n*step <= v.lon(wide); n++ {
		x := round(v.x((n*step + 180) / 360))
		draw.Draw(v.img, image.Rect(x, v.world.Min.Y, x+1, v.world.Max.Y), line, image.Point{},
			draw.Over)
		if x > 160 && x < mapWidth-40 {
			label(math.Remainder(n*step, 360), "E", "W", func(s string) (int, int) {
				return x - utf8.RuneCountInString(s)*letterWidth/2, v.world.Max.Y - 8
			})
		}
	}
	for n := math.Ceil(max(v.lat(high), -85) / step); n*step <= min(v.lat(0), 85); n++ {
		y := round(v.y(place(orb.Point{0, n * step})[1]))
		draw.Draw(v.img, image.Rect(0, y, round(wide), y+1), line, image.Point{}, draw.Over)
		if y > 20 && y < round(high)-50 {
			label(n*step, "N", "S", func(string) (int, int) { return 8, y + 5 })
		}
	}
	for _, write := range labels {
		write()
	}
}

func (v view) scaleBar() {
	high := float64(v.img.Rect.Dy())
	// a pixel
	metres := 2 * math.Pi * tiles.EarthRadius * math.Cos(v.lat(high/2)*math.Pi/180) / v.scale
	best := 0.2
	for _, nm := range [...]float64{0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000} {
		if nm*1852/metres <= 120 {
			best = nm
		}
	}
	x, y := 10.0, high-12
	bar := orb.LineString{{x, y - 6}, {x, y}, {x + best*1852/metres, y},
		{x + best*1852/metres, y - 6}}
	v.stroke(paper, 5, bar)
	v.stroke(words, 2, bar)
	v.halo(fmt.Sprintf("%v NM", best), 17, round(y)-7, words, paper)
}
