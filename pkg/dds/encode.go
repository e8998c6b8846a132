package dds

// chunkArea is where one chunk's blocks of one mip level go: rows of blocks that stand pitch bytes apart.
type chunkArea struct{ offset, pitch int }

// areas is where a chunk's levels go.
func (b *Builder) areas(row, col int) (to [chunkLevels]chunkArea) {
	size := b.layout.Format.blockBytes()
	for n := range to {
		start, _ := b.layout.Level(n)
		pitch := blocksAcross(b.layout.Side>>n) * size
		own := blocksAcross(chunkSide >> n)
		to[n] = chunkArea{offset: int(start) + row*own*pitch + col*own*size, pitch: pitch}
	}
	return to
}

// encodeBlock encodes 16 RGBA pixels, row by row, into one block.
func encodeBlock(dst []byte, px *[64]byte, f Format, q Quality) {
	if f == BC3 {
		encodeAlpha(dst, px)
	}
	encodeColor(dst[len(dst)-8:], px, q)
}

// plainChunk is the pure Go way from a chunk's pixels to its blocks.
type plainChunk struct{ mips *pyramid }

func (c plainChunk) pixels() []byte { return c.mips.pix[0] }

// encode computes the mip levels and encodes them into a texture; the tail is the linear light of the last.
func (c plainChunk) encode(out []byte, to *[chunkLevels]chunkArea, f Format, q Quality) (tail []uint32) {
	c.mips.build()
	for n, pix := range c.mips.pix {
		encodeLevel(out, to[n], pix, chunkSide>>n, f, q)
	}
	return c.mips.tail[:]
}

func encodeLevel(out []byte, to chunkArea, pix []byte, side int, f Format, q Quality) {
	size := f.blockBytes()
	var px [64]byte
	for y := range side / 4 {
		for x := range side / 4 {
			for r := range 4 {
				copy(px[r*16:][:16], pix[((y*4+r)*side+x*4)*4:])
			}
			encodeBlock(out[to.offset+y*to.pitch+x*size:][:size], &px, f, q)
		}
	}
}
