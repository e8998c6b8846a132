package dds

import "math"

//go:generate go run gen_tables.go

// chunkSide is the side of a chunk in pixels, chunkLevels the number of mip levels at which a chunk
// still fills whole blocks (256…4 px).
const (
	chunkSide   = 256
	chunkLevels = 7
	chunkBytes  = chunkSide * chunkSide * 4
	tailSide    = chunkSide >> (chunkLevels - 1)
)

// toLinear widens pixels (RGBA codes) to linear light; alpha stays a plain value on a scale of its
// own.
func toLinear(dst []uint32, src []byte) {
	for i := 0; i < len(src); i += 4 {
		dst[i+0] = linearOf[src[i+0]]
		dst[i+1] = linearOf[src[i+1]]
		dst[i+2] = linearOf[src[i+2]]
		dst[i+3] = uint32(src[i+3]) << alphaShift
	}
}

// toCodes is the inverse of toLinear.
func toCodes(dst []byte, src []uint32) {
	for i := 0; i < len(src); i += 4 {
		dst[i+0] = toCode(src[i+0])
		dst[i+1] = toCode(src[i+1])
		dst[i+2] = toCode(src[i+2])
		dst[i+3] = uint8((src[i+3] + 1<<(alphaShift-1)) >> alphaShift)
	}
}

// alphaShift gives alpha as many fractional bits as six halvings can use.
const alphaShift = 14

// toCode returns the code value of a linear light: that of its octave, times a cubic of its place
// within the octave. Octave and place are the exponent and mantissa of its float32; 11 bits of the
// place are used.
func toCode(v uint32) uint8 {
	log := uint32(max(0, int32(math.Float32bits(float32(v)))-127<<23) >> 12)
	place := log << 5 & 0xffff
	root := rootOf[0] + high16(place, rootOf[1]-high16(place, rootOf[2]-high16(place, rootOf[3])))
	return uint8((high16(octaveOf[log>>11], root) + 64) >> 7)
}

// high16 is the upper half of the product of two 16-bit values.
func high16(a, b uint32) uint32 { return a * b >> 16 }

// halve averages the 2×2 squares of two rows of linear light, rounded down, into one row of half
// the length.
func halve(dst, top, bottom []uint32) {
	for i := 0; i < len(dst); i += 4 {
		for c := range 4 {
			dst[i+c] = (top[2*i+c] + top[2*i+4+c] + bottom[2*i+c] + bottom[2*i+4+c]) >> 2
		}
	}
}

// pyramid holds the mip levels of one chunk: code values of every level and the linear light of the
// last, 4×4 px. Linear values are kept at full precision from level to level; only two rows of each
// level exist at a time.
type pyramid struct {
	pix  [chunkLevels][]byte // RGBA, 256>>n px square
	tail [tailSide * tailSide * 4]uint32
	rows [chunkLevels][2][]uint32
}

func newPyramid() *pyramid {
	p := new(pyramid)
	for n := range chunkLevels {
		side := chunkSide >> n
		p.pix[n] = make([]byte, side*side*4)
		for i := range p.rows[n] {
			p.rows[n][i] = make([]uint32, side*4)
		}
	}
	return p
}

// build computes levels 1…6 and the tail from level 0.
func (p *pyramid) build() {
	const pitch = chunkSide * 4
	for y := range chunkSide {
		toLinear(p.rows[0][y&1], p.pix[0][y*pitch:][:pitch])
		row := y
		for n := 1; n < chunkLevels && row&1 == 1; n++ {
			row >>= 1
			lin := p.rows[n][row&1]
			halve(lin, p.rows[n-1][0], p.rows[n-1][1])
			toCodes(p.pix[n][row*len(lin):][:len(lin)], lin)
			if n == chunkLevels-1 {
				copy(p.tail[row*len(lin):], lin)
			}
		}
	}
}
