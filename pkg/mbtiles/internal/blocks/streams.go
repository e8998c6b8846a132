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

// write appends the words of the symbols and fills the last byte with zeros. dst has room for them.
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

// reading is the position in a stream.
type reading struct {
	stream []byte
	table  *table
	code   int
	at     int // bytes
	used   int // bits of the next
}

// mask and shift select an entry and its symbol.
func (r *reading) mask() uint32 { return uint32(1)<<kinds[r.code].limit - 1 }
func (r *reading) shift() int   { return shiftOf(kinds[r.code].symbols) }

// next returns the following bits, below a bit that marks their end. 8 bytes must be left.
func (r *reading) next() uint64 {
	return (binary.LittleEndian.Uint64(r.stream[r.at:]) | 1<<63) >> r.used
}

// took advances to the position of next.
func (r *reading) took(next uint64) {
	used := bits.LeadingZeros64(next)
	r.at += used >> 3
	r.used = used & 7
}

// readTwo fills symbols from two streams of the same length, alternating: a single one would mostly
// wait for its own table. It reports whether they are used up, as read does.
func readTwo[S uint8 | uint16](symbols [2][]S, first, second reading) (ok [2]bool) {
	a, b, i := first, second, 0
	aMask, bMask, aShift, bShift := a.mask(), b.mask(), a.shift(), b.shift()
	for ; i+4 <= len(symbols[0]) && a.at+8 <= len(a.stream) && b.at+8 <= len(b.stream); i += 4 {
		aNext, bNext := a.next(), b.next()
		aFour, bFour := symbols[0][i:][:4], symbols[1][i:][:4]
		for k := range 4 {
			e := a.table[uint32(aNext)&aMask%(1<<maxLength)]
			aFour[k] = S(e >> aShift)
			aNext >>= e & 63
			e = b.table[uint32(bNext)&bMask%(1<<maxLength)]
			bFour[k] = S(e >> bShift)
			bNext >>= e & 63
		}
		a.took(aNext)
		b.took(bNext)
	}
	return [2]bool{read(symbols[0][i:], a), read(symbols[1][i:], b)}
}

// read fills symbols from a stream. It reports whether the stream is used up, including its zero
// padding.
func read[S uint8 | uint16](symbols []S, r reading) bool {
	mask, shift := r.mask(), r.shift()
	i := 0
	for ; i+4 <= len(symbols) && r.at+8 <= len(r.stream); i += 4 {
		next := r.next()
		four := symbols[i:][:4]
		for k := range four {
			e := r.table[uint32(next)&mask%(1<<maxLength)]
			four[k] = S(e >> shift)
			next >>= e & 63
		}
		r.took(next)
	}
	// The end, one symbol at a time.
	for ; i < len(symbols); i++ {
		next := uint64(0)
		for k := range 4 {
			if r.at+k < len(r.stream) {
				next |= uint64(r.stream[r.at+k]) << (8 * k)
			}
		}
		e := r.table[uint32(next>>r.used)&mask%(1<<maxLength)]
		symbols[i] = S(e >> shift)
		r.used += int(e & 63)
		r.at += r.used >> 3
		r.used &= 7
		if r.at > len(r.stream) {
			return false
		}
	}
	if r.used > 0 {
		return r.at == len(r.stream)-1 && r.stream[r.at]>>r.used == 0
	}
	return r.at == len(r.stream)
}
