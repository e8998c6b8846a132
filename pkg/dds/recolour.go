package dds

import (
	"encoding/binary"
	"fmt"
)

// Palette gives every 565 colour another one. It is not changed after it was made.
type Palette struct {
	// red, green, blue and luma of the new colour, from the lowest byte up
	table [1 << 16]uint32
}

// NewPalette returns the palette of a change of colours: it has one pixel for each 565 colour, as
// RGBA of 8 bits in order, which change may overwrite; alpha is ignored.
func NewPalette(change func(pix []byte)) *Palette {
	p := new(Palette)
	pix := make([]byte, 4*len(p.table))
	for c := range p.table {
		e := expand565(uint16(c))
		copy(pix[4*c:], []byte{byte(e[0]), byte(e[1]), byte(e[2]), 255})
	}
	change(pix)
	for c := range p.table {
		r, g, b := uint32(pix[4*c]), uint32(pix[4*c+1]), uint32(pix[4*c+2])
		// the luma of BT.709, of stored values, as AutoOrtho's seasons have it
		y := (212671*r + 715160*g + 72169*b) / 1_000_000
		p.table[c] = r | g<<8 | b<<16 | y<<24
	}
	return p
}

// One is the weight of 1 in a Recolouring.
const One = 1 << 24

// Recolouring is a change of the colours of a texture: each takes its place in the palette, then
// moves towards grey, then towards white. Both weights vary over the texture: they are given at its
// corners, in the order north-west, north-east, south-west, south-east, from 0 to One.
type Recolouring struct {
	Palette    *Palette
	Saturation [4]int32 // 0: grey; One: as in the palette
	White      [4]int32 // 0: none; dark ground, below a luma of 48, stays as it is
}

// Recolour changes the colours of a part of the texture's file in place: b is what begins at byte
// off, which like b's length is a multiple of 8 (BC1) or 16 (BC3), or the file's beginning. Every
// block is changed on its own, so it does not matter in which parts a file comes. The two ends of a
// block are moved; their order, which is the block's mode, stays, and with ends that become equal
// the block is of one colour.
func (l Layout) Recolour(b []byte, off int64, r *Recolouring) {
	size := int64(l.Format.blockBytes())
	if skip := HeaderSize - off; skip > 0 {
		b, off = b[min(skip, int64(len(b))):], HeaderSize
	}
	if (off-HeaderSize)%size != 0 || int64(len(b))%size != 0 {
		panic(fmt.Sprintf("dds: recolouring %d bytes at %d, not whole blocks", len(b), off))
	}
	for n := 0; n < l.Levels() && len(b) > 0; n++ {
		start, length := l.Level(n)
		if off >= start+length {
			continue
		}
		level := b[:min(int64(len(b)), start+length-off)]
		r.level(level, (off-start)/size, int64(blocksAcross(l.Side>>n)), l.Format)
		b, off = b[len(level):], off+int64(len(level))
	}
}

// level changes blocks from number first on of a level that has so many blocks across.
func (r *Recolouring) level(b []byte, first, across int64, f Format) {
	size := int64(f.blockBytes())
	for len(b) > 0 {
		x, y := first%across, first/across
		n := min(across-x, int64(len(b))/size)
		saturation, white := slope(r.Saturation, x, y, across), slope(r.White, x, y, across)
		recolour(b[:n*size], f, &r.Palette.table, saturation, white)
		b, first = b[n*size:], first+n
	}
}

// ramp is a weight that changes evenly from block to block.
type ramp struct{ at, step int32 }

// slope returns the weights of a row of blocks from x on: those of the blocks' centres.
func slope(corners [4]int32, x, y, across int64) ramp {
	down := func(top, bottom int32) int64 {
		return int64(top) + (int64(bottom)-int64(top))*(2*y+1)/(2*across)
	}
	west, east := down(corners[0], corners[2]), down(corners[1], corners[3])
	step := (east - west) / across
	return ramp{at: int32(west + step*x + step/2), step: int32(step)}
}

// recolourer changes a row of blocks. The kernels in C give the bytes of recolourGo.
type recolourer func(b []byte, f Format, table *[1 << 16]uint32, saturation, white ramp)

var recolour = newRecolourer("")

func recolourGo(b []byte, f Format, table *[1 << 16]uint32, saturation, white ramp) {
	for ; len(b) > 0; b = b[f.blockBytes():] {
		block := b[f.blockBytes()-8:]
		s, w := uint32(saturation.at+1<<15)>>16, uint32(white.at+1<<15)>>16
		saturation.at += saturation.step
		white.at += white.step
		e0, e1 := binary.LittleEndian.Uint16(block), binary.LittleEndian.Uint16(block[2:])
		n0, n1 := faded(table[e0], s, w), faded(table[e1], s, w)
		indices := binary.LittleEndian.Uint32(block[4:])
		switch {
		case n0 == n1 && (e0 > e1 || f == BC3 && e0 < e1):
			indices = 0
		case e0 > e1 && n0 < n1, f == BC3 && e0 < e1 && n0 > n1:
			n0, n1 = n1, n0
			indices ^= 0x55555555 // 0↔1 and 2↔3
		case e0 <= e1 && n0 > n1: // three colours: 2 is between the ends, 3 is transparent
			n0, n1 = n1, n0
			indices ^= ^(indices >> 1) & 0x55555555
		}
		binary.LittleEndian.PutUint16(block, n0)
		binary.LittleEndian.PutUint16(block[2:], n1)
		binary.LittleEndian.PutUint32(block[4:], indices)
	}
}

// faded is a palette's colour with weights of 0 to 256, as a 565 colour.
func faded(c, saturation, white uint32) uint16 {
	y := c >> 24
	// The brighter the ground the whiter: water and shadows stay, fields are covered from 112 on.
	white = white * min(4*max(y, 48)-4*48, 255) >> 8
	channel := func(v uint32) uint32 {
		v = (v*saturation + y*(256-saturation)) >> 8
		return v + (255-v)*white>>8
	}
	red, green, blue := channel(c&255), channel(c>>8&255), channel(c>>16&255)
	// v·31/255 and v·63/255, rounded
	return uint16((red*249+1014)>>11<<11 | (green*253+505)>>10<<5 | (blue*249+1014)>>11)
}
