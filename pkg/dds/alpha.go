package dds

import "encoding/binary"

// encodeAlpha encodes the alpha of 16 pixels into the first half of a BC3 block, with eight even
// steps from the least to the greatest value. A mask's 0 and 255 are exact.
func encodeAlpha(dst []byte, px *[64]byte) {
	lo, hi := px[3], px[3]
	for i := 7; i < 64; i += 4 {
		lo, hi = min(lo, px[i]), max(hi, px[i])
	}
	size := int(hi - lo)
	index := uint64(0)
	if size > 0 {
		var cuts [7]int // above cuts[k], step k+1 is nearer than step k
		for k := range cuts {
			cuts[k] = int(lo) + (size*(2*k+1)+13)/14
		}
		for i := range 16 {
			w := 0
			for _, cut := range cuts {
				if int(px[i*4+3]) >= cut {
					w++
				}
			}
			index |= [8]uint64{1, 7, 6, 5, 4, 3, 2, 0}[w] << (3 * i)
		}
	}
	binary.LittleEndian.PutUint64(dst, index<<16|uint64(lo)<<8|uint64(hi))
}
