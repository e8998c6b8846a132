package blocks

import "encoding/binary"

// Repetitive reports, from a sample of the blocks, that a good part of them are repeated: a
// compressor that looks for repetition may do better than Append, or improve its result.
func Repetitive(s Shape, raw []byte) bool {
	const step = 7 // coprime to repetition in powers of two
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
