package blocks

import "encoding/binary"

// Repetitive reports, from a sample of the blocks, that a good part of them occur again and again:
// that a compressor which looks for repetition may do better than Append, or add to it.
func Repetitive(s Shape, raw []byte) bool {
	const step = 7 // has no factor in common with whatever repeats in powers of two
	var seen [1 << 11]uint64
	sample, again := 0, 0
	for at := s.blockBytes() - 8; at+8 <= len(raw); at += step * s.blockBytes() {
		block := binary.LittleEndian.Uint64(raw[at:])
		place := &seen[block*0x9E3779B97F4A7C15>>53]
		if *place == block {
			again++
		}
		*place = block
		sample++
	}
	return again*16 > sample // zeros count from the first on
}
