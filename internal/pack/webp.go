package pack

import (
	"bytes"
	"image"
	"image/draw"

	"golang.org/x/image/webp"
)

// decodeWebP decodes a WebP. The lossy kind has luma from 16 to 235 and chroma from 16 to 240, as
// video does, while Go's image.YCbCr means the full range of JPEG: black would become grey and
// every colour pale. So the colours are computed here, with libwebp's integers.
func decodeWebP(body []byte) (*image.NRGBA, error) {
	img, err := webp.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out := image.NewNRGBA(img.Bounds())
	switch img := img.(type) {
	case *image.YCbCr:
		videoColours(out, img)
	case *image.NYCbCrA:
		videoColours(out, &img.YCbCr)
		for y := out.Rect.Min.Y; y < out.Rect.Max.Y; y++ {
			for x := out.Rect.Min.X; x < out.Rect.Max.X; x++ {
				out.Pix[out.PixOffset(x, y)+3] = img.A[img.AOffset(x, y)]
			}
		}
	default: // lossless: RGB as it is
		draw.Draw(out, out.Rect, img, out.Rect.Min, draw.Src)
	}
	return out, nil
}

// videoColours fills out, opaque, with the colours of img in the range of video (BT.601).
func videoColours(out *image.NRGBA, img *image.YCbCr) {
	for y := out.Rect.Min.Y; y < out.Rect.Max.Y; y++ {
		for x := out.Rect.Min.X; x < out.Rect.Max.X; x++ {
			c := img.COffset(x, y)
			luma, u, v := int32(img.Y[img.YOffset(x, y)])*19077>>8, int32(img.Cb[c]), int32(
				img.Cr[c])
			p := out.Pix[out.PixOffset(x, y):]
			p[0] = clip64(luma + v*26149>>8 - 14234)
			p[1] = clip64(luma - u*6419>>8 - v*13320>>8 + 8708)
			p[2] = clip64(luma + u*33050>>8 - 17685)
			p[3] = 255
		}
	}
}

// clip64 returns v/64 clipped to a byte.
func clip64(v int32) uint8 { return uint8(min(max(v>>6, 0), 255)) }
