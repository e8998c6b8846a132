package pack

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"slices"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

var (
	// errImage means that a body that looked like a picture cannot be decoded.
	errImage = errors.New("picture cannot be decoded")
	// errEmpty: a chunk is transparent, or of the one colour that its provider paints what it has
	// nothing of: how some servers say so.
	errEmpty = fmt.Errorf("%w: it is of one colour", fetch.ErrNoImagery)
)

// addImage decodes a tile of one chunk in whatever format it came and brings it to its place.
func (l *Layer) addImage(w *dds.Worker, b *dds.Builder, place tiles.Place, c tiles.Chunk,
	body []byte) error {
	if fetch.IsJPEG(body) && len(l.Blank) == 0 && l.Filter == nil {
		return w.AddJPEG(b, place.Row, place.Col, body)
	}
	t, err := l.decode(w, body, nil)
	if err != nil {
		return err
	}
	return t.add(w, b, place, c)
}

// decode returns the pixels of a JPEG, PNG or WebP of the provider's size, in spare or in memory of
// their own, in the colours that the layer has. What is transparent shows the ground.
func (l *Layer) decode(w *dds.Worker, body []byte, spare *image.NRGBA) (*tile, error) {
	img, err := l.pixels(w, body, spare)
	if err != nil {
		return nil, err
	}
	t := &tile{img, emptyChunks(img, l.Blank, !fetch.IsJPEG(body)), fetch.Captured(body)}
	l.Filter.Apply(img.Pix)
	return t, nil
}

// pixels returns those of a picture as they came.
func (l *Layer) pixels(w *dds.Worker, body []byte, spare *image.NRGBA) (*image.NRGBA, error) {
	side := l.side()
	if fetch.IsJPEG(body) {
		if spare == nil || spare.Rect.Dx() != side {
			spare = image.NewNRGBA(image.Rect(0, 0, side, side))
		}
		return spare, w.DecodeJPEGTo(spare, body)
	}
	// Its size is checked, whatever the source has done: decoding makes no more memory than its
	// pixels take.
	if err := fetch.CheckTile(body, side); err != nil {
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
	if out.Rect != image.Rect(0, 0, side, side) {
		return nil, fmt.Errorf("%w: it is %v px", errImage, out.Rect.Size())
	}
	return out, nil
}

// emptyChunks returns which chunks of img show nothing: those wholly of a colour of blank, and, if
// img may be transparent, those wholly so. The rest of what is transparent is blended over the
// ground. nil is none.
func emptyChunks(img *image.NRGBA, blank []fetch.Colour, transparent bool) []bool {
	if !transparent && len(blank) == 0 {
		return nil
	}
	across := img.Rect.Dx() / chunkPixels
	empty := make([]bool, across*across)
	for i := range empty {
		corner := image.Pt(i%across, i/across).Mul(chunkPixels)
		chunk := img.SubImage(image.Rectangle{Min: corner,
			Max: corner.Add(image.Pt(chunkPixels, chunkPixels))}).(*image.NRGBA)
		seen := !transparent || onGround(chunk)
		empty[i] = !seen || slices.ContainsFunc(blank,
			func(c fetch.Colour) bool { return c.Fills(chunk) })
	}
	if !slices.Contains(empty, true) {
		return nil
	}
	return empty
}

func decodePNG(body []byte) (*image.NRGBA, error) {
	img, err := png.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.NRGBA:
		return img, nil
	case *image.RGBA: // of a PNG without transparency: every alpha is 255
		return &image.NRGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}, nil
	}
	out := image.NewNRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, out.Rect.Min, draw.Src)
	return out, nil
}

// onGround blends img over the ground colour, in integers. It reports whether any of it was
// visible.
func onGround(img *image.NRGBA) (seen bool) {
	under := [3]uint32{uint32(ground.R), uint32(ground.G), uint32(ground.B)}
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:4*img.Rect.Dx()]
		for i := 0; i < len(row); i += 4 {
			alpha := uint32(row[i+3])
			seen = seen || alpha > 0
			if alpha == 255 {
				continue
			}
			for ch, below := range under {
				row[i+ch] = uint8((uint32(row[i+ch])*alpha + below*(255-alpha) + 127) / 255)
			}
			row[i+3] = 255
		}
	}
	return seen
}
