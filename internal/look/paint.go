package look

import "image"

// paintSide is the side in pixels of the squares of a picture that have one season each.
const paintSide = 8

// Paint changes a picture as Of changes textures. at returns the place of a pixel.
func (l *Look) Paint(img *image.RGBA, at func(x, y int) (lat, lon float64)) {
	if l == nil {
		return
	}
	if l.Colour != nil {
		l.Colour(img.Pix)
	}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += paintSide {
		for x := b.Min.X; x < b.Max.X; x += paintSide {
			saturation, white := 1.0, 0.0
			if l.Season != nil {
				saturation, white = l.Season.At(at(x+paintSide/2, y+paintSide/2))
			}
			square := image.Rect(x, y, x+paintSide, y+paintSide).Intersect(b)
			for py := square.Min.Y; py < square.Max.Y; py++ {
				row := img.Pix[img.PixOffset(square.Min.X, py) : img.PixOffset(square.Max.X-1, py)+4]
				paint(row, saturation, white)
			}
		}
	}
}

// paint moves RGBA pixels towards grey, then towards white, as dds.Recolouring does. What is
// transparent stays empty.
func paint(pix []byte, saturation, white float64) {
	for ; len(pix) > 0; pix = pix[4:] {
		if pix[3] == 0 {
			clear(pix[:3])
			continue
		}
		y := 0.212671*float64(pix[0]) + 0.715160*float64(pix[1]) + 0.072169*float64(pix[2])
		bright := white * min(max(4*(y-48), 0), 255) / 255
		for i, v := range pix[:3] {
			c := saturation*float64(v) + (1-saturation)*y
			pix[i] = uint8(c + (255-c)*bright)
		}
	}
}
