package blocks

import "encoding/binary"

// A quad is the indices of 2×2 pixels, two bits a pixel: north-west at bit 0, north-east at 2,
// south-west at 4, south-east at 6. Eight quads are processed at once, one in each byte of a word.
const (
	eachByte   = 0x0101010101010101
	everyPixel = 0x55 * eachByte // the bit that tells which half of the scale an index is in
)

// swapMiddle swaps the pixels at bits 2 and 4: it mirrors the quad along its diagonal.
func swapMiddle(z uint64) uint64 {
	return z&(0xc3*eachByte) | z&(0x0c*eachByte)<<2 | z>>2&(0x0c*eachByte)
}

// swapHalves swaps the north and the south pixels.
func swapHalves(z uint64) uint64 { return z&(0x0f*eachByte)<<4 | z>>4&(0x0f*eachByte) }

// swapPairs swaps the west and the east pixels.
func swapPairs(z uint64) uint64 { return z&(0x33*eachByte)<<2 | z>>2&(0x33*eachByte) }

// posture returns how the quad after z is turned: with a and b the pixels of z that it touches, the
// bits to flip so that a and b are in the lower half of the scale, and a mask of the quads to
// mirror so that the greater of them is a.
func posture(z uint64, a, b int) (flip, mirror uint64) {
	// An index has the rank 2·high + low on the scale from the first colour to the second.
	high, low := z, z>>1^z
	ah, al, bh, bl := high>>a, low>>a, high>>b, low>>b
	f := ah&(al|bh|bl) | ^ah&al&bh&bl // a+b > 3, or a+b = 3 and a > b
	less := ^ah&bh | ^(ah^bh)&^al&bl
	more := ah&^bh | ^(ah^bh)&al&^bl
	m := (f&more | ^f&less) & eachByte
	f &= eachByte
	return (f<<8 - f) & everyPixel, m<<8 - m
}

// splitQuads turns quads into symbols, in place: each except the first of a block relative to the
// one before it. joinQuads is its inverse.
func splitQuads(q *[4][]uint8, n int) {
	le := binary.LittleEndian
	for i := 0; i < n; i += 8 {
		nw, ne, se, sw := le.Uint64(q[0][i:]), le.Uint64(q[1][i:]), le.Uint64(q[2][i:]), le.Uint64(
			q[3][i:])
		flip, mirror := posture(nw, 2, 6)
		s := swapMiddle(ne ^ flip)
		le.PutUint64(q[1][i:], s^(s^swapPairs(s))&mirror)
		flip, mirror = posture(ne, 4, 6)
		s = se ^ flip
		le.PutUint64(q[2][i:], s^(s^swapPairs(s))&mirror)
		flip, mirror = posture(se, 0, 4)
		s = swapHalves(swapMiddle(sw ^ flip))
		le.PutUint64(q[3][i:], s^(s^swapPairs(s))&mirror)
	}
}

func joinQuads(q *[4][]uint8, n int) {
	le := binary.LittleEndian
	for i := 0; i < n; i += 8 {
		nw, ne, se, sw := le.Uint64(q[0][i:]), le.Uint64(q[1][i:]), le.Uint64(q[2][i:]), le.Uint64(
			q[3][i:])
		flip, mirror := posture(nw, 2, 6)
		ne = swapMiddle(ne^(ne^swapPairs(ne))&mirror) ^ flip
		le.PutUint64(q[1][i:], ne)
		flip, mirror = posture(ne, 4, 6)
		se = se ^ (se^swapPairs(se))&mirror ^ flip
		le.PutUint64(q[2][i:], se)
		flip, mirror = posture(se, 0, 4)
		sw = swapMiddle(swapHalves(sw^(sw^swapPairs(sw))&mirror)) ^ flip
		le.PutUint64(q[3][i:], sw)
	}
}

// quadsOf splits the rows of indices of a block into quads: north-west in the lowest byte, then
// north-east, south-west, south-east. It is its own inverse.
func quadsOf(rows uint32) uint32 {
	return rows&0xf00ff00f | rows&0x00f000f0<<4 | rows>>4&0x00f000f0
}
