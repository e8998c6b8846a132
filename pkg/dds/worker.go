package dds

import (
	"errors"
	"fmt"
	"image"
	"image/color"
)

// ErrJPEG says that bytes cannot be used as a chunk: not a JPEG, damaged or cut short, not 256×256 px, or of a kind that is not served as
// imagery (CMYK, 12 bits a sample, lossless).
var ErrJPEG = errors.New("not a usable JPEG chunk")

// ErrPixels says that a picture given as a chunk is not 256×256 px.
var ErrPixels = errors.New("not a chunk of 256×256 px")

// chunkEncoder is the scratch memory of a worker and the way through it: plainChunk or, where there is one, the vector encoder.
type chunkEncoder interface {
	// pixels is where a chunk's RGBA pixels go.
	pixels() []byte
	// encode computes the mip levels of the pixels and writes their blocks. The tail is the linear light of the last level.
	encode(out []byte, to *[chunkLevels]chunkArea, f Format, q Quality) (tail []uint32)
}

// ErrClosed says that a Worker was used after Close.
var ErrClosed = errors.New("worker is closed")

// Worker decodes and encodes chunks: the scratch memory and the JPEG decoder of one goroutine. It may serve any number of Builders, one
// call at a time.
type Worker struct {
	chunk  chunkEncoder
	jpeg   jpegDecoder
	closed bool
}

// NewWorker returns a Worker, which the caller closes.
func NewWorker() *Worker { return &Worker{chunk: newChunkEncoder()} }

// Close releases the JPEG decoder. Closing twice is harmless.
func (w *Worker) Close() error {
	if !w.closed {
		w.jpeg.close()
	}
	w.closed = true
	return nil
}

// AddJPEG decodes a JPEG of 256×256 px and adds it at a place of the texture; row and col count from the north-west and are below
// Side/256. The error is an ErrJPEG, ErrPlace, ErrChunkTwice or ErrClosed, and the place is then as it was before.
func (w *Worker) AddJPEG(b *Builder, row, col int, jpeg []byte) error {
	if err := w.ready(b, row, col); err != nil {
		return err
	}
	if err := w.jpeg.decode(w.chunk.pixels(), jpeg); err != nil {
		return fmt.Errorf("decode chunk: %w", err)
	}
	return w.add(b, row, col)
}

// AddPixels adds a picture of 256×256 px; BC1 ignores its alpha. Errors are those of AddJPEG, with ErrPixels for ErrJPEG.
func (w *Worker) AddPixels(b *Builder, row, col int, img *image.NRGBA) error {
	if err := w.ready(b, row, col); err != nil {
		return err
	}
	if img.Rect.Dx() != chunkSide || img.Rect.Dy() != chunkSide {
		return fmt.Errorf("%w: %d×%d", ErrPixels, img.Rect.Dx(), img.Rect.Dy())
	}
	const pitch = chunkSide * 4
	for y := range chunkSide {
		copy(w.chunk.pixels()[y*pitch:][:pitch], img.Pix[y*img.Stride:])
	}
	return w.add(b, row, col)
}

// AddColor adds a chunk of one colour. Errors are those of AddJPEG.
func (w *Worker) AddColor(b *Builder, row, col int, c color.NRGBA) error {
	if err := w.ready(b, row, col); err != nil {
		return err
	}
	pix := w.chunk.pixels()
	for i := 0; i < len(pix); i += 4 {
		pix[i], pix[i+1], pix[i+2], pix[i+3] = c.R, c.G, c.B, c.A
	}
	return w.add(b, row, col)
}

// DecodeJPEG decodes a JPEG of 256×256 px into a picture of its own. The error is an ErrJPEG or ErrClosed.
func (w *Worker) DecodeJPEG(jpeg []byte) (*image.NRGBA, error) {
	if w.closed {
		return nil, ErrClosed
	}
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	if err := w.jpeg.decode(img.Pix, jpeg); err != nil {
		return nil, fmt.Errorf("decode chunk: %w", err)
	}
	return img, nil
}

func (w *Worker) ready(b *Builder, row, col int) error {
	if w.closed {
		return ErrClosed
	}
	return b.check(row, col)
}

// add mips and encodes the pixels in the scratch. Nothing can fail once the place is claimed.
func (w *Worker) add(b *Builder, row, col int) error {
	place, err := b.claim(row, col)
	if err != nil {
		return err
	}
	to := b.areas(row, col)
	b.placeTail(row, col, w.chunk.encode(b.buf, &to, b.layout.Format, b.quality))
	b.places[place].Store(placeDone)
	return nil
}
