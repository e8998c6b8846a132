package standin

import "github.com/xelpack/xelpack/pkg/dds"

// groundBlock is a flat BC1 block of the neutral ground colour, dds.Ground: red and green exact in
// both endpoints, blue a third of the way from 49 to 66. Four-colour mode, every pixel the fourth
// colour.
var groundBlock = [8]byte{0x68, 0x42, 0x66, 0x42, 0xff, 0xff, 0xff, 0xff}

// opaqueBlock is the alpha half of an opaque BC3 block.
var opaqueBlock = [8]byte{0xff, 0xff}

// Ground fills p with the bytes from off of a valid file of layout l that shows only ground colour.
// It allocates nothing: after the header such a file repeats one block.
func Ground(l dds.Layout, p []byte, off int64) {
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
	// The filled part ends on a block boundary, so copying it onto itself continues the pattern:
	// double it until p is full.
	for start := max(0, filled-len(block)); filled < len(p); {
		filled += copy(p[filled:], p[start:filled])
	}
}
