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

// decodeWithGo decodes a picture of side×side px with the standard library into RGBA pixels.
func decodeWithGo(dst []byte, side int, data []byte) error {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJPEG, err)
	}
	if cfg.Width != side || cfg.Height != side {
		return errSize(cfg.Width, cfg.Height, side)
	}
	if cfg.ColorModel == color.CMYKModel {
		return fmt.Errorf("%w: CMYK", ErrJPEG)
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrJPEG, err)
	}
	out := &image.NRGBA{Pix: dst, Stride: side * 4, Rect: image.Rect(0, 0, side, side)}
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return nil
}

func errSize(w, h, side int) error {
	return fmt.Errorf("%w: %d×%d px, want %d×%[4]d", ErrJPEG, w, h, side)
}
