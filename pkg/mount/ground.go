package mount

import "github.com/xelpack/xelpack/pkg/dds"

// groundBlock is a flat BC1 block of the neutral ground colour, RGB(66,77,55): red and green exact
// in both endpoints, blue a third of the way from 49 to
// 66. Four-colour mode, every pixel the fourth colour.
var groundBlock = [8]byte{0x68, 0x42, 0x66, 0x42, 0xff, 0xff, 0xff, 0xff}

// opaqueBlock is the alpha half of a BC3 block that hides nothing.
var opaqueBlock = [8]byte{0xff, 0xff}

// ground fills p with the bytes from off of a valid file of layout l that shows nothing but ground
// colour. Nothing is allocated: past the header such a file is one block over and over.
func ground(l dds.Layout, p []byte, off int64) {
	if off < dds.HeaderSize {
		h := l.Header()
		n := copy(p, h[off:])
		p, off = p[n:], off+int64(n)
	}
	if len(p) == 0 {
		return
	}
	block := make([]byte, 0, 16)
	if l.Format == dds.BC3 {
		block = append(block, opaqueBlock[:]...)
	}
	block = append(block, groundBlock[:]...)

	phase := int(off-dds.HeaderSize) % len(block)
	filled := copy(p, block[phase:])
	filled += copy(p[filled:], block)
	// What is filled so far ends on a whole block, so the last block's worth of it repeats: double
	// it until p is full.
	for start := max(0, filled-len(block)); filled < len(p); {
		filled += copy(p[filled:], p[start:filled])
	}
}
