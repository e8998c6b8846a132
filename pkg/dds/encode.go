package dds

// chunkArea is the place of one chunk's blocks in one mip level: rows of blocks that are pitch
// bytes apart.
type chunkArea struct{ offset, pitch int }

// areas returns the places of a chunk's levels.
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

// encoder is the scratch memory of a worker with a method to turn pixels into blocks. All
// implementations give the same bytes.
type encoder interface {
	// pixels returns the buffer for a chunk's RGBA pixels.
	pixels() []byte
	// chunk computes the mip levels of the pixels and writes their blocks. The tail is the last
	// level in linear light.
	chunk(out []byte, to *[chunkLevels]chunkArea, f Format, q Quality) (tail []uint32)
	// picture encodes a picture of across×down blocks.
	picture(out, pix []byte, stride, across, down int, f Format, q Quality)
}

// goVariant is the name of plainEncoder among the Variants.
const goVariant = "go"

// plainEncoder encodes in pure Go.
type plainEncoder struct{ mips *pyramid }

func newPlainEncoder() plainEncoder { return plainEncoder{newPyramid()} }

func (e plainEncoder) pixels() []byte { return e.mips.pix[0] }

func (e plainEncoder) chunk(out []byte, to *[chunkLevels]chunkArea, f Format,
	q Quality) (tail []uint32) {
	e.mips.build()
	for n, pix := range e.mips.pix {
		side := chunkSide >> n
		encodePicture(out[to[n].offset:], to[n].pitch, pix, side*4, side/4, side/4, f, q)
	}
	return e.mips.tail[:]
}

func (plainEncoder) picture(out, pix []byte, stride, across, down int, f Format, q Quality) {
	encodePicture(out, across*f.blockBytes(), pix, stride, across, down, f, q)
}

func encodePicture(out []byte, pitch int, pix []byte, stride, across, down int, f Format,
	q Quality) {
	size := f.blockBytes()
	var px [64]byte
	for y := range down {
		for x := range across {
			for r := range 4 {
				copy(px[r*16:][:16], pix[(y*4+r)*stride+x*16:])
			}
			encodeBlock(out[y*pitch+x*size:][:size], &px, f, q)
		}
	}
}
