package blocks

import "encoding/binary"

// Both colours of a block are in one word, every channel with a free bit above it, so that one
// addition or mean works on all six: blue at bit 0, green at 6, red at 13, and those of the second
// colour 32 higher.
const (
	double   = 1 | 1<<32 // a pattern for both colours
	channels = (0x1f | 0x3f<<6 | 0x1f<<13) * double
	guards   = (1<<5 | 1<<12 | 1<<18) * double
	redBlues = (0x1f | 0x1f<<13) * double
	blues    = 0x1f * double
)

// spread puts the channels of two RGB 5:6:5 colours in their places.
func spread(colours uint32) uint64 {
	w := uint64(colours&0xffff) | uint64(colours>>16)<<32
	return w&(0x1f*double) | w&(0x7e0*double)<<1 | w&(0xf800*double)<<2
}

// gather is the inverse of spread.
func gather(v uint64) uint32 {
	w := v&(0x1f*double) | v>>1&(0x7e0*double) | v>>2&(0xf800*double)
	return uint32(w) | uint32(w>>16)
}

// expected is the mean of the left and upper blocks, rounded down.
func expected(left, up uint64) uint64 { return (left + up) >> 1 & channels }

// neighbours returns the values used for left and up at the edges.
func neighbours(x, y int, left, up uint64) (uint64, uint64) {
	switch {
	case y == 0 && x == 0:
		return 0, 0
	case y == 0:
		return left, left
	case x == 0:
		return up, up
	}
	return left, up
}

// splitColours makes the symbols of the colours of one area, whose first block has index at.
func splitColours(p *planes, raw []byte, stride, at, w, h int) {
	row := p.row
	for y := range h {
		left := uint64(0)
		for x := range w {
			i := at + y*w + x
			v := spread(binary.LittleEndian.Uint32(raw[i*stride:]))
			d := ((v | guards) - expected(neighbours(x, y, left, row[x]))) & channels
			half := d >> 7 & blues
			d = ((d | guards) - half - half<<13) & channels
			p.green[0][i], p.green[1][i] = uint8(d>>6&0x3f), uint8(d>>38&0x3f)
			rb := d&blues | d>>8&(0x3e0*double)
			p.redBlue[0][i], p.redBlue[1][i] = uint16(rb), uint16(rb>>32)
			left, row[x] = v, v
		}
	}
}

// joinColours is the inverse of splitColours.
func joinColours(p *planes, raw []byte, stride, at, w, h int) {
	row := p.row
	for y := range h {
		left := uint64(0)
		for x := range w {
			i := at + y*w + x
			green := uint64(p.green[0][i]) | uint64(p.green[1][i])<<32
			rb := uint64(p.redBlue[0][i]) | uint64(p.redBlue[1][i])<<32
			half := green >> 1 & blues
			d := ((rb|rb<<8)&redBlues+half+half<<13)&channels | green<<6
			v := (expected(neighbours(x, y, left, row[x])) + d) & channels
			binary.LittleEndian.PutUint32(raw[i*stride:], gather(v))
			left, row[x] = v, v
		}
	}
}
