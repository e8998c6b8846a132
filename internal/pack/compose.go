package pack

import (
	"image"

	"github.com/xelpack/xelpack/internal/area"
)

// compose lays the pictures of parts over each other, the first on top, and all of them over the
// ground. Every colour is
//
//	(a·upper + (255-a)·lower + 127) / 255
//
// in integers, a being the upper one's weight as its priority has it.
func compose(parts []part) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, chunkPixels, chunkPixels))
	for i := 0; i < len(out.Pix); i += 4 {
		out.Pix[i], out.Pix[i+1], out.Pix[i+2], out.Pix[i+3] = ground.R, ground.G, ground.B, 255
	}
	var below [chunkPixels * chunkPixels]uint16 // W of area.Priority
	for n := len(parts) - 1; n >= 0; n-- {
		p := &parts[n]
		if p.img == nil {
			continue
		}
		for px := range below {
			from, to := p.img.Pix[px*4:][:3], out.Pix[px*4:][:3]
			a := uint32(255)
			if p.weights != nil {
				a = weightOf(p.weights[px], from)
			}
			w := uint32(below[px])
			if p.Priority != area.Low {
				below[px] = uint16(w + a)
			}
			if p.Priority != area.High && a > 0 {
				a = 255 * a / (w + a)
			}
			if a == 0 {
				continue
			}
			for ch := range 3 {
				to[ch] = uint8((uint32(from[ch])*a + uint32(to[ch])*(255-a) + 127) / 255)
			}
		}
	}
	return out
}

// weightOf is w, but 0 for what services draw beyond their imagery: nearly white and nearly black,
// where the source only counts in part (Ortho4XP's rule and its limits).
func weightOf(w uint8, px []byte) uint32 {
	sum := int(px[0]) + int(px[1]) + int(px[2])
	if w > 0 && w < 254 && (sum >= 735 || sum <= 35) {
		return 0
	}
	return uint32(w)
}
