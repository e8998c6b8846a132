package planmap

import (
	"image"
	"image/color"
	"image/draw"

	"github.com/paulmach/orb"
	xdraw "golang.org/x/image/draw"

	"github.com/xelpack/xelpack/pkg/tiles"
)

var holeColour = color.RGBA{211, 18, 46, 255}

// imagery draws the imagery where textures are.
func (v view) imagery(m Imagery, all []class) {
	layer := image.NewRGBA(v.img.Rect)
	for _, turn := range v.turns(m.West, m.East) {
		at := image.Rect(round(v.x(m.West+turn)), round(v.y(m.North)), round(v.x(m.East+turn)),
			round(v.y(m.South)))
		xdraw.ApproxBiLinear.Scale(layer, at, m.Image, m.Image.Bounds(), draw.Src, nil)
	}
	for _, c := range all {
		for _, r := range c.runs {
			b := c.bound(r)
			for _, turn := range v.turns(b.Min[0], b.Max[0]) {
				at := image.Rect(round(v.x(b.Min[0]+turn)), round(v.y(b.Min[1])),
					round(v.x(b.Max[0]+turn)), round(v.y(b.Max[1]))).Intersect(v.img.Rect)
				draw.Draw(v.img, at, layer, at.Min, draw.Over)
			}
		}
	}
}

// frame draws the inner edge of a rectangle, two pixels thick.
func frame(img *image.RGBA, at image.Rectangle, c image.Image) {
	const thick = 2
	in := at.Inset(thick)
	for _, side := range [...]image.Rectangle{
		{at.Min, image.Pt(at.Max.X, in.Min.Y)}, {image.Pt(at.Min.X, in.Max.Y), at.Max},
		{image.Pt(at.Min.X, in.Min.Y), image.Pt(in.Min.X, in.Max.Y)},
		{image.Pt(in.Max.X, in.Min.Y), image.Pt(at.Max.X, in.Max.Y)},
	} {
		draw.Draw(img, side.Intersect(img.Rect), c, image.Point{}, draw.Over)
	}
}

// holes hatches the textures with holes, enlarged so that they can be seen.
func (v view) holes(holes []tiles.Texture) {
	const least, step = 7, 7
	for _, t := range holes {
		side := float64(uint32(1) << (t.ZL - 4))
		col, row := float64(t.Col/tiles.TextureChunks), float64(t.Row/tiles.TextureChunks)
		size := max(v.scale/side, least)
		for _, turn := range v.turns(col/side, (col+1)/side) {
			x, y := v.x((col+0.5)/side+turn)-size/2, v.y((row+0.5)/side)-size/2
			at := image.Rect(round(x), round(y), round(x+size), round(y+size))
			if size < 3*step {
				draw.Draw(v.img, at.Intersect(v.img.Rect), image.NewUniform(holeColour),
					image.Point{}, draw.Src)
				continue
			}
			var hatch []orb.LineString
			for i := float64(step); i < 2*size; i += step {
				// From the upper and right edges to the left and lower ones.
				hatch = append(hatch, orb.LineString{{x + min(i, size), y + max(0, i-size)},
					{x + max(0, i-size), y + min(i, size)}})
			}
			v.stroke(holeColour, 1.5, hatch...)
			frame(v.img, at, image.NewUniform(holeColour))
		}
	}
}
