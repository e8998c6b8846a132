package preview

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Side is the width of a preview in pixels. The other constants are JPEG qualities: fills are
// numerous, sixteen or more a texture.
const (
	Side        = 256
	quality     = 80
	fillQuality = 60
)

// Ground is the colour of an overview without textures.
var Ground = color.RGBA(dds.Ground)

// Of makes the preview of a whole DDS file: its 256 px level as JPEG. It uses integer arithmetic
// only, so the result is the same on every machine.
func Of(l dds.Layout, file []byte) ([]byte, error) {
	level := LevelOf(l, Side)
	off, n := l.Level(level)
	return OfLevel(l, level, file[off:off+n])
}

// LevelOf returns the mip level of l that is side pixels wide, or the largest if all are smaller.
func LevelOf(l dds.Layout, side int) int {
	n := 0
	for l.Side>>n > side {
		n++
	}
	return n
}

// decodeLevel returns a level without its alpha: water is transparent there, but a preview shows
// the ground.
func decodeLevel(l dds.Layout, level int, blocks []byte) (*image.RGBA, error) {
	img, err := dds.Decode(l, level, blocks)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 0xff
	}
	return &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}, nil
}

func encodeJPEG(img image.Image, q int) ([]byte, error) {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: q}); err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	return buf.Bytes(), nil
}

// Decode decodes a stored preview, which is not trusted.
func Decode(b []byte) (image.Image, error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("not a JPEG: %w", err)
	}
	if cfg.Width != Side || cfg.Height != Side {
		return nil, fmt.Errorf("it is %d×%d px, want %d×%[3]d", cfg.Width, cfg.Height, Side)
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("it cannot be decoded: %w", err)
	}
	return img, nil
}

// newCanvas returns a preview that is all ground colour. Overviews are drawn as JPEG keeps them:
// nearly all of their time was the way from there to RGB and back.
func newCanvas() *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, Side, Side), image.YCbCrSubsampleRatio420)
	y, cb, cr := color.RGBToYCbCr(Ground.R, Ground.G, Ground.B)
	for p, v := range map[*[]byte]byte{&img.Y: y, &img.Cb: cb, &img.Cr: cr} {
		for i := range *p {
			(*p)[i] = v
		}
	}
	return img
}

// asKept returns a preview as newCanvas does.
func asKept(img image.Image) *image.YCbCr {
	if kept, ok := img.(*image.YCbCr); ok && kept.Rect == image.Rect(0, 0, Side, Side) &&
		kept.SubsampleRatio == image.YCbCrSubsampleRatio420 {
		return kept
	}
	full := image.NewYCbCr(image.Rect(0, 0, Side, Side), image.YCbCrSubsampleRatio444)
	at := img.Bounds().Min
	for y := range Side {
		for x := range Side {
			r, g, b, _ := img.At(at.X+x, at.Y+y).RGBA()
			i := y*full.YStride + x
			full.Y[i], full.Cb[i], full.Cr[i] = color.RGBToYCbCr(byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	kept := newCanvas()
	kept.Y = full.Y
	halve(kept.Cb, kept.CStride, full.Cb, full.CStride, Side/2)
	halve(kept.Cr, kept.CStride, full.Cr, full.CStride, Side/2)
	return kept
}

// drawQuarter draws a preview at half its size into a quarter of dst; x and y are 0 or 1 from the
// north-west.
func drawQuarter(dst *image.YCbCr, x, y int, preview image.Image) {
	src := asKept(preview)
	const half = Side / 2
	halve(dst.Y[dst.YOffset(x*half, y*half):], dst.YStride, src.Y, src.YStride, half)
	at := dst.COffset(x*half, y*half)
	halve(dst.Cb[at:], dst.CStride, src.Cb, src.CStride, half/2)
	halve(dst.Cr[at:], dst.CStride, src.Cr, src.CStride, half/2)
}

// halve draws a plane of 2n×2n values at half its size.
func halve(dst []byte, dstStride int, src []byte, srcStride, n int) {
	for row := range n {
		out := dst[row*dstStride:][:n]
		upper, lower := src[2*row*srcStride:][:2*n], src[(2*row+1)*srcStride:][:2*n]
		for i := range out {
			out[i] = byte((int(upper[2*i]) + int(upper[2*i+1]) + int(lower[2*i]) +
				int(lower[2*i+1]) + 2) / 4)
		}
	}
}

// crop returns the part (x, y) of img, divided into parts×parts squares, as a preview. A part with
// fewer pixels is enlarged by bilinear interpolation that continues across the borders of the part.
// img and parts are powers of two wide, and a part is at most as wide as a preview.
func crop(img *image.RGBA, parts, x, y int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, Side, Side))
	f := Side * parts / img.Rect.Dx() // enlargement factor
	if f == 1 {
		draw.Draw(dst, dst.Rect, img, image.Pt(x*Side, y*Side), draw.Src)
		return dst
	}
	for row := range Side {
		upper, lower, down := between(y*Side+row, f, img.Rect.Dy())
		for col := range Side {
			left, right, along := between(x*Side+col, f, img.Rect.Dx())
			nw, ne := img.Pix[img.PixOffset(left, upper):], img.Pix[img.PixOffset(right, upper):]
			sw, se := img.Pix[img.PixOffset(left, lower):], img.Pix[img.PixOffset(right, lower):]
			out := dst.Pix[dst.PixOffset(col, row):]
			for c := range 4 {
				north := int(nw[c])*(2*f-along) + int(ne[c])*along
				south := int(sw[c])*(2*f-along) + int(se[c])*along
				out[c] = byte((north*(2*f-down) + south*down + 2*f*f) / (4 * f * f))
			}
		}
	}
	return dst
}

// between returns the two pixels of n between which a pixel of the picture enlarged f times lies,
// and its distance from the first, in parts of 2f.
func between(at, f, n int) (first, second, part int) {
	// position of its centre, in parts of 2f of a pixel, from the centre of pixel 0
	pos := 2*at + 1 - f
	if pos < 0 {
		return 0, 0, 0
	}
	return pos / (2 * f), min(pos/(2*f)+1, n-1), pos % (2 * f)
}

// OfLevel makes the preview from the blocks of level LevelOf(l, Side).
func OfLevel(l dds.Layout, level int, blocks []byte) ([]byte, error) {
	img, err := dds.DecodeYCbCr(l, level, blocks)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	return encodeJPEG(img, quality)
}
