package blocks

import (
	"encoding/binary"
	"math/bits"
)

// count adds to the counts of the symbols.
func count[S uint8 | uint16](counts *counts, symbols []S) {
	for _, s := range symbols {
		counts[s]++
	}
}

// write appends the words of the symbols and fills the last byte with zeros. dst has the room.
func write[S uint8 | uint16](dst []byte, symbols []S, words *words) []byte {
	var acc uint64
	n := 0
	for _, s := range symbols {
		w := words[s]
		acc |= uint64(w>>4) << n
		n += int(w & 15)
		if n >= 32 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(acc))
			acc >>= 32
			n -= 32
		}
	}
	for ; n > 0; n -= 8 {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// read fills symbols from a stream. It reports whether the stream is used up, to the zeros that fill its last byte.
func read[S uint8 | uint16](symbols []S, stream []byte, table *table, code int) bool {
	mask, shift := uint32(1)<<kinds[code].limit-1, shiftOf(kinds[code].symbols)
	at, used := 0, 0 // bytes of the stream, and bits of the next
	i := 0
	for ; i+4 <= len(symbols) && at+8 <= len(stream); i += 4 {
		// What is left stands below a bit that marks its end.
		acc := (binary.LittleEndian.Uint64(stream[at:]) | 1<<63) >> used
		four := symbols[i:][:4]
		for k := range four {
			e := table[uint32(acc)&mask%(1<<maxLength)]
			four[k] = S(e >> shift)
			acc >>= e & 63
		}
		used = bits.LeadingZeros64(acc)
		at += used >> 3
		used &= 7
	}
	// The end, a symbol at a time.
	for ; i < len(symbols); i++ {
		acc := uint64(0)
		for k := range 4 {
			if at+k < len(stream) {
				acc |= uint64(stream[at+k]) << (8 * k)
			}
		}
		e := table[uint32(acc>>used)&mask%(1<<maxLength)]
		symbols[i] = S(e >> shift)
		used += int(e & 63)
		at += used >> 3
		used &= 7
		if at > len(stream) {
			return false
		}
	}
	if used > 0 {
		return at == len(stream)-1 && stream[at]>>used == 0
	}
	return at == len(stream)
}
