package dds

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
)

// ErrBlocks means that the bytes given for a mip level do not have its length.
var ErrBlocks = errors.New("wrong number of bytes for the mip level")

// ErrLevel means that a texture has no such mip level.
var ErrLevel = errors.New("no such mip level")

// Decode turns the blocks of one mip level into pixels: max(1, Side>>level) square, alpha 255
// throughout for BC1. The colours between a block's endpoints are rounded to the nearest code
// value.
func Decode(l Layout, level int, blocks []byte) (*image.NRGBA, error) {
	if err := checkLevel(l, level, blocks); err != nil {
		return nil, err
	}
	side := l.Side >> level
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	across, size := blocksAcross(side), l.Format.blockBytes()
	var px [64]byte
	for i := range across * across {
		decodeBlock(l.Format, blocks[i*size:][:size], &px)
		x, y := i%across*4, i/across*4
		w := min(4, side) * 4
		for r := range min(4, side) {
			copy(img.Pix[(y+r)*img.Stride+x*4:][:w], px[r*16:])
		}
	}
	return img, nil
}

func checkLevel(l Layout, level int, blocks []byte) error {
	if err := l.Valid(); err != nil {
		return err
	}
	if level < 0 || level >= l.Levels() {
		return fmt.Errorf("%w: %d of %d", ErrLevel, level, l.Levels())
	}
	if _, n := l.Level(level); int64(len(blocks)) != n {
		return fmt.Errorf("%w: level %d of %v at %d px has %d bytes, got %d", ErrBlocks, level,
			l.Format, l.Side, n, len(blocks))
	}
	return nil
}

// DecodeYCbCr is Decode without alpha, to the colours that JPEG keeps: of each block only its four
// colours are converted.
func DecodeYCbCr(l Layout, level int, blocks []byte) (*image.YCbCr, error) {
	if err := checkLevel(l, level, blocks); err != nil {
		return nil, err
	}
	side := l.Side >> level
	img := image.NewYCbCr(image.Rect(0, 0, side, side), image.YCbCrSubsampleRatio444)
	across, size := blocksAcross(side), l.Format.blockBytes()
	n := min(4, side)
	for i := range across * across {
		block := blocks[i*size:][:size]
		block = block[len(block)-8:]
		c0, c1 := binary.LittleEndian.Uint16(block), binary.LittleEndian.Uint16(block[2:])
		idx := binary.LittleEndian.Uint32(block[4:])
		var ys, cbs, crs [4]byte
		for c, p := range palette(c0, c1, l.Format == BC3 || c0 > c1) {
			ys[c], cbs[c], crs[c] = color.RGBToYCbCr(p[0], p[1], p[2])
		}
		at := i/across*4*img.YStride + i%across*4
		for r := range n {
			y, cb, cr := img.Y[at:][:n], img.Cb[at:][:n], img.Cr[at:][:n]
			for x := range n {
				c := idx >> (8*r + 2*x) & 3
				y[x], cb[x], cr[x] = ys[c], cbs[c], crs[c]
			}
			at += img.YStride
		}
	}
	return img, nil
}

// decodeBlock decodes one block to 16 RGBA pixels, row by row.
func decodeBlock(f Format, block []byte, px *[64]byte) {
	colours := block[len(block)-8:]
	c0, c1 := binary.LittleEndian.Uint16(colours), binary.LittleEndian.Uint16(colours[2:])
	idx := binary.LittleEndian.Uint32(colours[4:])
	pal := palette(c0, c1, f == BC3 || c0 > c1)
	for i := range 16 {
		copy(px[i*4:], pal[idx>>(2*i)&3][:])
	}
	if f == BC3 {
		alpha := alphaPalette(block[0], block[1])
		idx := binary.LittleEndian.Uint64(block) >> 16
		for i := range 16 {
			px[i*4+3] = alpha[idx>>(3*i)&7]
		}
	}
}

// palette returns the colours of the indices 0…3 of a block.
func palette(c0, c1 uint16, fourColors bool) [4][4]byte {
	a, b := expand565(c0), expand565(c1)
	pal := [4][4]byte{{3: 255}, {3: 255}, {3: 255}, {3: 255}}
	for c := range 3 {
		pal[0][c], pal[1][c] = byte(a[c]), byte(b[c])
		if fourColors {
			pal[2][c], pal[3][c] = byte((2*a[c]+b[c]+1)/3), byte((a[c]+2*b[c]+1)/3)
		} else {
			pal[2][c] = byte((a[c] + b[c] + 1) / 2)
		}
	}
	if !fourColors {
		pal[3][3] = 0
	}
	return pal
}

// expand565 widens a packed end to code values.
func expand565(c uint16) (e [3]int) {
	for i, q := range [3]uint16{c >> 11, c >> 5 & 63, c & 31} {
		e[i] = int(expand(int32(q), i))
	}
	return e
}

// alphaPalette returns the alpha values of the indices 0…7 of a BC3 block.
func alphaPalette(a0, a1 uint8) [8]uint8 {
	p := [8]uint8{a0, a1}
	x, y := int(a0), int(a1)
	if a0 > a1 {
		for i := 2; i < 8; i++ {
			p[i] = uint8(((8-i)*x + (i-1)*y + 3) / 7)
		}
		return p
	}
	for i := 2; i < 6; i++ {
		p[i] = uint8(((6-i)*x + (i-1)*y + 2) / 5)
	}
	p[7] = 255
	return p
}
