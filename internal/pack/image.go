package pack

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// errImage: a body that looked like a picture cannot be decoded.
var errImage = errors.New("picture cannot be decoded")

// addImage decodes a chunk in whatever format it came and brings it to its place.
func addImage(w *dds.Worker, b *dds.Builder, place tiles.Place, body []byte) error {
	if fetch.IsJPEG(body) {
		return w.AddJPEG(b, place.Row, place.Col, body)
	}
	img, err := decodeImage(w, body)
	if err != nil {
		return err
	}
	return w.AddPixels(b, place.Row, place.Col, img)
}

// decodeImage returns the 256×256 px of a JPEG, PNG or WebP. What is transparent shows the ground;
// a picture that is nothing but transparent is how some servers say that they have none:
// fetch.ErrNoImagery.
func decodeImage(w *dds.Worker, body []byte) (*image.NRGBA, error) {
	if fetch.IsJPEG(body) {
		return w.DecodeJPEG(body)
	}
	// Its size is checked, whatever the source has done: decoding makes no more memory than 256×256
	// px take.
	if err := fetch.CheckImage(body); err != nil {
		return nil, fmt.Errorf("%w: %w", errImage, err)
	}
	decode := decodePNG
	if bytes.HasPrefix(body, []byte("RIFF")) {
		decode = decodeWebP
	}
	out, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errImage, err)
	}
	if out.Rect != image.Rect(0, 0, chunkPixels, chunkPixels) {
		return nil, fmt.Errorf("%w: it is %v px", errImage, out.Rect.Size())
	}
	if !onGround(out) {
		return nil, fmt.Errorf("%w: it is transparent", fetch.ErrNoImagery)
	}
	return out, nil
}

func decodePNG(body []byte) (*image.NRGBA, error) {
	img, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out := image.NewNRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, out.Rect.Min, draw.Src)
	return out, nil
}

// onGround blends img over the ground colour, in integers. It reports whether anything of it was to
// be seen.
func onGround(img *image.NRGBA) (seen bool) {
	under := [3]uint32{uint32(ground.R), uint32(ground.G), uint32(ground.B)}
	for i := 0; i < len(img.Pix); i += 4 {
		alpha := uint32(img.Pix[i+3])
		seen = seen || alpha > 0
		if alpha == 255 {
			continue
		}
		for ch, below := range under {
			img.Pix[i+ch] = uint8((uint32(img.Pix[i+ch])*alpha + below*(255-alpha) + 127) / 255)
		}
		img.Pix[i+3] = 255
	}
	return seen
}
