package dds

import (
	"encoding/binary"
	"fmt"
)

// Palette gives every 565 colour another one. It is not changed after it was made.
type Palette struct {
	// red, green and blue of the new colour of each, from the lowest byte up; none if all colours
	// stay, which then are computed: that is faster than to look them up
	table []uint32
}

// NewPalette returns the palette of a change of colours: it has one pixel for each 565 colour, as
// RGBA of 8 bits in order, which change may overwrite; alpha is ignored.
func NewPalette(change func(pix []byte)) *Palette {
	const colours = 1 << 16
	pix := make([]byte, 0, 4*colours)
	for c := range colours {
		e := expand565(uint16(c))
		pix = append(pix, byte(e[0]), byte(e[1]), byte(e[2]), 255)
	}
	change(pix)
	table, changes := make([]uint32, colours), false
	for c := range table {
		table[c] = binary.LittleEndian.Uint32(pix[4*c:]) & 0xffffff
		changes = changes || table[c] != expanded(uint16(c))
	}
	if !changes {
		table = nil
	}
	return &Palette{table}
}

// expanded is a colour as a palette has it.
func expanded(c uint16) uint32 {
	e := expand565(c)
	return uint32(e[0]) | uint32(e[1])<<8 | uint32(e[2])<<16
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

// Recolour changes the colours of a part of the texture's file: src is what begins at byte off,
// which like src's length is a multiple of 8 (BC1) or 16 (BC3), or the file's beginning. The result
// goes to dst, which is as long, and is src or apart from it. Every block is changed on its own, so
// it does not matter in which parts a file comes. The two ends of a block are moved; their order,
// which is the block's mode, stays, and with ends that become equal the block is of one colour.
func (l Layout) Recolour(dst, src []byte, off int64, r *Recolouring) {
	size := int64(l.Format.blockBytes())
	if off < HeaderSize {
		n := copy(dst, src[:min(HeaderSize-off, int64(len(src)))])
		dst, src, off = dst[n:], src[n:], HeaderSize
	}
	if (off-HeaderSize)%size != 0 || int64(len(src))%size != 0 {
		panic(fmt.Sprintf("dds: recolouring %d bytes at %d, not whole blocks", len(src), off))
	}
	for n := 0; n < l.Levels() && len(src) > 0; n++ {
		start, length := l.Level(n)
		if off >= start+length {
			continue
		}
		part := min(int64(len(src)), start+length-off)
		recolour(dst[:part], src[:part], l.Format, r, (off-start)/size, int64(blocksAcross(l.Side>>n)))
		dst, src, off = dst[part:], src[part:], off+part
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

// recolourer changes blocks from number first on of a level that has so many blocks across. The
// kernels in C give the bytes of recolourGo.
type recolourer func(dst, src []byte, f Format, r *Recolouring, first, across int64)

var recolour = newRecolourer("")

func recolourGo(dst, src []byte, f Format, r *Recolouring, first, across int64) {
	copy(dst, src)
	for size := int64(f.blockBytes()); len(dst) > 0; {
		x, y := first%across, first/across
		n := min(across-x, int64(len(dst))/size)
		r.row(dst[:n*size], f, slope(r.Saturation, x, y, across), slope(r.White, x, y, across))
		dst, first = dst[n*size:], first+n
	}
}

// row changes blocks that lie beside each other.
func (r *Recolouring) row(b []byte, f Format, saturation, white ramp) {
	for ; len(b) > 0; b = b[f.blockBytes():] {
		block := b[f.blockBytes()-8:]
		s, w := uint32(saturation.at+1<<15)>>16, uint32(white.at+1<<15)>>16
		saturation.at += saturation.step
		white.at += white.step
		e0, e1 := binary.LittleEndian.Uint16(block), binary.LittleEndian.Uint16(block[2:])
		n0, n1 := faded(r.Palette.colour(e0), s, w), faded(r.Palette.colour(e1), s, w)
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

func (p *Palette) colour(c uint16) uint32 {
	if p.table == nil {
		return expanded(c)
	}
	return p.table[c]
}

// faded is a palette's colour with weights of 0 to 256, as a 565 colour. It is rounded once, from
// 16 bits a channel.
func faded(c, saturation, white uint32) uint16 {
	red, green, blue := c&255, c>>8&255, c>>16
	// the luma of BT.709, of stored values, as AutoOrtho's seasons have it
	y := (54*red + 183*green + 19*blue + 128) >> 8
	// The brighter the ground the whiter: water and shadows stay, fields are covered from 112 on.
	white *= min(4*max(y, 48)-4*48, 255)
	channel := func(v, steps uint32) uint16 {
		v = v*saturation + y*(256-saturation)
		v += (65280 - v) * white >> 16
		return uint16((v*steps>>16 + 128) >> 8)
	}
	const to31, to63 = 7967, 16191 // 2^24/65280 of a step
	return channel(red, to31)<<11 | channel(green, to63)<<5 | channel(blue, to31)
}
