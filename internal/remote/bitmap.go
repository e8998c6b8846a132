package remote

import "math/bits"

// bitmap is n bits.
type bitmap struct {
	words []uint64
	n     int64
}

func newBitmap(n int64) bitmap { return bitmap{make([]uint64, (n+63)/64), n} }

// set sets the bits from first to end, exclusively.
func (b bitmap) set(first, end int64, v bool) {
	for at := first; at < end; {
		word, from := at/64, at%64
		n := min(64-from, end-at)
		mask := ^uint64(0) >> (64 - n) << from
		if v {
			b.words[word] |= mask
		} else {
			b.words[word] &^= mask
		}
		at += n
	}
}

// next returns the first bit from at on that is v; end if there is none before it.
func (b bitmap) next(at, end int64, v bool) int64 {
	for at < end {
		w := b.words[at/64]
		if !v {
			w = ^w
		}
		if w = w >> (at % 64); w != 0 {
			return min(end, at+int64(bits.TrailingZeros64(w)))
		}
		at += 64 - at%64
	}
	return end
}
