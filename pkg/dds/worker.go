package dds

import (
	"errors"
	"fmt"
	"image"
	"image/color"
)

// ErrJPEG means that the bytes cannot be used as imagery: not a JPEG, damaged or cut short, not of
// the wanted size, or of a kind that is not used for imagery (CMYK, 12 bits a sample, lossless).
var ErrJPEG = errors.New("not a usable JPEG")

// ErrPixels means that a picture does not have the required size: 256×256 px for a chunk, whole
// blocks for Encode.
var ErrPixels = errors.New("a picture of the wrong size")

// ErrClosed means that a Worker was used after Close.
var ErrClosed = errors.New("worker is closed")

// Worker decodes and encodes chunks: the scratch memory and the JPEG decoder of one goroutine. It
// may serve any number of Builders, one call at a time.
type Worker struct {
	enc    encoder
	jpeg   jpegDecoder
	closed bool
}

// NewWorker returns a Worker, which the caller must close.
func NewWorker() *Worker { return NewWorkerVariant("") }

// NewWorkerVariant returns a Worker that encodes with one of the Variants, for tests and
// measurements; if there is none of that name, with the fastest. The caller must close it.
func NewWorkerVariant(variant string) *Worker { return &Worker{enc: newEncoder(variant)} }

// Close releases the JPEG decoder. Closing twice is harmless.
func (w *Worker) Close() error {
	if !w.closed {
		w.jpeg.close()
	}
	w.closed = true
	return nil
}

// AddJPEG decodes a JPEG of 256×256 px and adds it at a place of the texture; row and col count
// from the north-west and are below Side/256. The error is an ErrJPEG, ErrPlace, ErrChunkTwice or
// ErrClosed, and the place is then as it was before.
func (w *Worker) AddJPEG(b *Builder, row, col int, jpeg []byte) error {
	if err := w.ready(b, row, col); err != nil {
		return err
	}
	if err := w.jpeg.decode(w.enc.pixels(), chunkSide, jpeg); err != nil {
		return fmt.Errorf("decode chunk: %w", err)
	}
	return w.add(b, row, col)
}

// AddPixels adds a picture of 256×256 px; BC1 ignores its alpha. Errors are those of AddJPEG, with
// ErrPixels for ErrJPEG.
func (w *Worker) AddPixels(b *Builder, row, col int, img *image.NRGBA) error {
	if err := w.ready(b, row, col); err != nil {
		return err
	}
	if !isChunk(img) {
		return fmt.Errorf("%w: %d×%d", ErrPixels, img.Rect.Dx(), img.Rect.Dy())
	}
	const pitch = chunkSide * 4
	for y := range chunkSide {
		copy(w.enc.pixels()[y*pitch:][:pitch], img.Pix[y*img.Stride:])
	}
	return w.add(b, row, col)
}

// AddColor adds a chunk of one colour. Errors are those of AddJPEG.
func (w *Worker) AddColor(b *Builder, row, col int, c color.NRGBA) error {
	if err := w.ready(b, row, col); err != nil {
		return err
	}
	pix := w.enc.pixels()
	for i := 0; i < len(pix); i += 4 {
		pix[i], pix[i+1], pix[i+2], pix[i+3] = c.R, c.G, c.B, c.A
	}
	return w.add(b, row, col)
}

// DecodeJPEG decodes a JPEG of 256×256 px into a new picture. The error is an ErrJPEG or ErrClosed.
func (w *Worker) DecodeJPEG(jpeg []byte) (*image.NRGBA, error) {
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	if err := w.DecodeJPEGTo(img, jpeg); err != nil {
		return nil, err
	}
	return img, nil
}

// DecodeJPEGTo decodes a JPEG into an existing picture of its size, whose pixels are undefined after
// an error. The picture must be square with its rows contiguous, as image.NewNRGBA makes them;
// otherwise the error is ErrPixels.
func (w *Worker) DecodeJPEGTo(img *image.NRGBA, jpeg []byte) error {
	if w.closed {
		return ErrClosed
	}
	size := img.Rect.Size()
	if size.X != size.Y || size.X == 0 || img.Stride != size.X*4 ||
		len(img.Pix) < size.Y*img.Stride {
		return fmt.Errorf("%w: %d×%d with a stride of %d", ErrPixels, size.X, size.Y, img.Stride)
	}
	if err := w.jpeg.decode(img.Pix, size.X, jpeg); err != nil {
		return fmt.Errorf("decode picture: %w", err)
	}
	return nil
}

// Encode returns the blocks of one picture, the inverse of Decode for pictures of whole blocks:
// ErrPixels means that a side is not a multiple of 4 px. It computes no mip levels.
func (w *Worker) Encode(img *image.NRGBA, f Format, q Quality) ([]byte, error) {
	size := img.Rect.Size()
	switch {
	case w.closed:
		return nil, ErrClosed
	case f != BC1 && f != BC3:
		return nil, fmt.Errorf("%w: format %d, want BC1 or BC3", ErrLayout, uint8(f))
	case size.X%4 != 0 || size.Y%4 != 0 || img.Rect.Empty():
		return nil, fmt.Errorf("%w: %d×%d px are not whole blocks", ErrPixels, size.X, size.Y)
	}
	out := make([]byte, size.X/4*size.Y/4*f.blockBytes())
	w.enc.picture(out, img.Pix, img.Stride, size.X/4, size.Y/4, f, q)
	return out, nil
}

func isChunk(img *image.NRGBA) bool { return img.Rect.Size() == image.Pt(chunkSide, chunkSide) }

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
	b.placeTail(row, col, w.enc.chunk(b.buf, &to, b.layout.Format, b.quality))
	b.places[place].Store(placeDone)
	return nil
}
