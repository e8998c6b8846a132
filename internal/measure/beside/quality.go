package main

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/xelpack/xelpack/internal/testing/magick"
	"github.com/xelpack/xelpack/pkg/dds"
)

// pictureError compares BC1 blocks with their pixels.
type pictureError struct {
	ideal, rounded float64 // PSNR over RGB in dB: with exact colours, and rounded to code values
	magick         float64 // PSNR as decoded by ImageMagick; 0: not installed
	ssim           float64 // of luma, mean over 8×8 windows, 4 px apart
}

// compare decodes every chunk's blocks and compares them with its pixels.
func compare(ctx context.Context, s *set, blocks [][]byte) (pictureError, error) {
	var ideal, rounded, ssim float64
	l := dds.Layout{Format: dds.BC1, Side: chunkSide}
	for i, img := range s.pixels {
		ideal += idealError(img.Pix, blocks[i])
		got, err := dds.Decode(l, 0, blocks[i])
		if err != nil {
			return pictureError{}, err
		}
		for p, v := range img.Pix {
			if p%4 != 3 {
				d := float64(v) - float64(got.Pix[p])
				rounded += d * d
			}
		}
		ssim += meanSSIM(luma(img.Pix), luma(got.Pix))
	}
	psnr := func(sum float64) float64 {
		return 10 * math.Log10(255*255*3*chunkSide*chunkSide*float64(len(blocks))/sum)
	}
	throughMagick, err := magickError(ctx, s, blocks)
	if err != nil {
		return pictureError{}, err
	}
	e := pictureError{ideal: psnr(ideal), rounded: psnr(rounded), ssim: ssim / float64(len(blocks))}
	if throughMagick > 0 {
		e.magick = psnr(throughMagick)
	}
	return e, nil
}

// magickError returns the sum of squared differences from ImageMagick's decoding of the blocks as
// level 0 of a texture; 0 if it is not installed.
func magickError(ctx context.Context, s *set, blocks [][]byte) (sum float64, err error) {
	tool, err := magick.Find()
	if err != nil {
		return 0, nil
	}
	const row = chunkSide / 4 * 8 // bytes
	l := dds.Layout{Format: dds.BC1, Side: dds.MaxSide}
	level := make([]byte, across*across*chunkSide*chunkSide/2)
	for i, b := range blocks {
		for y := range chunkSide / 4 {
			copy(level[((i/across*chunkSide/4+y)*across+i%across)*row:], b[y*row:][:row])
		}
	}
	got, err := tool.Decode(ctx, l, 0, level)
	if err != nil {
		return 0, err
	}
	for i, img := range s.pixels {
		for p, v := range img.Pix {
			x, y := i%across*chunkSide*4+p%img.Stride, i/across*chunkSide+p/img.Stride
			if p%4 != 3 {
				d := float64(v) - float64(got[y*dds.MaxSide*4+x])
				sum += d * d
			}
		}
	}
	return sum, nil
}

// idealError returns the sum of squared differences from colours at exact thirds between the ends.
func idealError(pix, blocks []byte) (sum float64) {
	for b := range len(blocks) / 8 {
		block := blocks[b*8:][:8]
		hi, lo := ends(binary.LittleEndian.Uint16(block)), ends(
			binary.LittleEndian.Uint16(block[2:]))
		third := [4]float64{3, 0, 2, 1}
		if binary.LittleEndian.Uint16(block) <= binary.LittleEndian.Uint16(block[2:]) {
			third[2] = 1.5 // three colours; no encoder here uses the fourth, black
		}
		index := binary.LittleEndian.Uint32(block[4:])
		for i := range 16 {
			at := ((b/64*4+i/4)*chunkSide + b%64*4 + i%4) * 4
			w := third[index>>(2*i)&3]
			for c := range 3 {
				d := float64(pix[at+c]) - (hi[c]*w+lo[c]*(3-w))/3
				sum += d * d
			}
		}
	}
	return sum
}

func ends(c uint16) [3]float64 {
	r, g, b := c>>11, c>>5&63, c&31
	return [3]float64{float64(r<<3 | r>>2), float64(g<<2 | g>>4), float64(b<<3 | b>>2)}
}

func luma(pix []byte) []float64 {
	y := make([]float64, len(pix)/4)
	for i := range y {
		y[i] = 0.299*float64(pix[4*i]) + 0.587*float64(pix[4*i+1]) + 0.114*float64(pix[4*i+2])
	}
	return y
}

func meanSSIM(a, b []float64) float64 {
	const window, c1, c2 = 8, 0.01 * 255 * 0.01 * 255, 0.03 * 255 * 0.03 * 255
	total, n := 0.0, 0
	for y := 0; y+window <= chunkSide; y += 4 {
		for x := 0; x+window <= chunkSide; x += 4 {
			var sa, sb, saa, sbb, sab float64
			for r := range window {
				for c := range window {
					p, q := a[(y+r)*chunkSide+x+c], b[(y+r)*chunkSide+x+c]
					sa, sb, saa, sbb, sab = sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
				}
			}
			const k = window * window
			ma, mb := sa/k, sb/k
			va, vb, vab := saa/k-ma*ma, sbb/k-mb*mb, sab/k-ma*mb
			total += (2*ma*mb + c1) * (2*vab + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			n++
		}
	}
	return total / float64(n)
}
