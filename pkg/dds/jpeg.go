package dds

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
)

const goDecoder = "go image/jpeg"

// decodeWithGo decodes a chunk with the standard library into RGBA pixels.
func decodeWithGo(dst, data []byte) error {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJPEG, err)
	}
	if cfg.Width != chunkSide || cfg.Height != chunkSide {
		return errSize(cfg.Width, cfg.Height)
	}
	if cfg.ColorModel == color.CMYKModel {
		return fmt.Errorf("%w: CMYK", ErrJPEG)
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJPEG, err)
	}
	out := &image.NRGBA{Pix: dst, Stride: chunkSide * 4, Rect: image.Rect(0, 0, chunkSide, chunkSide)}
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return nil
}

func errSize(w, h int) error { return fmt.Errorf("%w: %d×%d px, want 256×256", ErrJPEG, w, h) }
