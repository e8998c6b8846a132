package blocks

import (
	"math/bits"
	"slices"
)

// maxLength is the longest code word in bits. Four words fit into the 63 bits that are left after
// filling by whole bytes.
const maxLength = 12

// maxSymbols is how many symbols a code may have.
const maxSymbols = 1 << 10

// code is a canonical prefix code, determined by its lengths. A length of 0 means that the symbol
// does not occur. If only one symbol occurs, its length is 1, and it takes no bits in the stream.
type code struct {
	lengths []uint8
	limit   int // limit of the lengths
	shift   int // position of symbols in entries
}

type (
	// counts is how often each symbol occurs.
	counts [maxSymbols]uint32
	// words is the table for writing: for every symbol its word, lowest bit first, above 4 bits of
	// its length.
	words [maxSymbols]uint16
	// table is the table for reading, indexed by the next bits of a stream, as many as the limit.
	table [1 << maxLength]entry
	// entry is a symbol above its length. The length has the lowest 6 bits, so that an entry can be
	// used directly as a shift count. Symbols start at bit 8 if they are bytes, and at bit 6
	// otherwise.
	entry uint16
)

func newCode(symbols, limit int) code {
	return code{lengths: make([]uint8, symbols), limit: limit, shift: shiftOf(symbols)}
}

// shiftOf returns the position of the symbols in an entry, given their number.
func shiftOf(symbols int) int {
	if symbols > 256 {
		return 6
	}
	return 8
}

// fitting is scratch memory of fit.
type fitting struct {
	used       []uint64 // count·maxSymbols + symbol
	weights    []uint64
	leafParent []int32
	nodeParent []int32
}

// fit sets the lengths to those of a Huffman code for the given counts, of which at least one is
// not 0.
func (c *code) fit(counts *counts, f *fitting) {
	clear(c.lengths)
	used := f.used[:0]
	for s, n := range counts[:len(c.lengths)] {
		if n > 0 {
			used = append(used, uint64(n)*maxSymbols+uint64(s))
		}
	}
	f.used = used
	if len(used) == 1 {
		c.lengths[used[0]%maxSymbols] = 1
		return
	}
	slices.Sort(used)
	var perLength [64]int
	f.countLengths(&perLength)
	shorten(&perLength, c.limit)
	at := len(used)
	for length := 1; length <= c.limit; length++ {
		for range perLength[length] {
			at--
			c.lengths[used[at]%maxSymbols] = uint8(length)
		}
	}
}

// countLengths counts the codes of every length of the Huffman code for used, which is in ascending
// order and has at least two elements.
func (f *fitting) countLengths(perLength *[64]int) {
	// Two queues: the leaves, and the inner nodes in the order of their creation, which is
	// ascending too.
	n := len(f.used)
	weights := append(f.weights[:0], make([]uint64, n-1)...)
	leafParent := append(f.leafParent[:0], make([]int32, n)...)
	nodeParent := append(f.nodeParent[:0], make([]int32, n-1)...)
	f.weights, f.leafParent, f.nodeParent = weights, leafParent, nodeParent
	leaf, node := 0, 0
	for made := range n - 1 {
		for range 2 {
			if leaf < n && (node == made || f.used[leaf]/maxSymbols <= weights[node]) {
				weights[made] += f.used[leaf] >> 10
				leafParent[leaf] = int32(made)
				leaf++
			} else {
				weights[made] += weights[node]
				nodeParent[node] = int32(made)
				node++
			}
		}
	}
	depth := weights // reuses the memory
	depth[n-2] = 0
	for i := n - 3; i >= 0; i-- {
		depth[i] = depth[nodeParent[i]] + 1
	}
	for _, p := range leafParent {
		perLength[min(int(depth[p])+1, len(perLength)-1)]++
	}
}

// shorten shortens the words longer than the limit, and lengthens others to make room for them.
func shorten(perLength *[64]int, limit int) {
	for length := limit + 1; length < len(perLength); length++ {
		perLength[limit] += perLength[length]
		perLength[length] = 0
	}
	taken := 0 // of the places for words of the limit's length
	for length := 1; length <= limit; length++ {
		taken += perLength[length] << (limit - length)
	}
	for ; taken > 1<<limit; taken-- {
		// One of the longest becomes the sibling of a shorter one, which grows by one bit.
		perLength[limit]--
		length := limit - 1
		for perLength[length] == 0 {
			length--
		}
		perLength[length]--
		perLength[length+1] += 2
	}
}

// single returns the symbol of a code with only one.
func (c *code) single() (symbol int, ok bool) {
	found := -1
	for s, length := range c.lengths {
		switch {
		case length == 0:
		case length > 1 || found >= 0:
			return 0, false
		default:
			found = s
		}
	}
	return found, found >= 0
}

// first sets next to the first word of every length. It returns the greatest length, or 0 if the
// lengths are not those of a complete code.
func (c *code) first(next *[maxLength + 1]int) (longest int) {
	var perLength [maxLength + 1]int
	for _, length := range c.lengths {
		perLength[length]++
	}
	word := 0
	for length := 1; length <= maxLength; length++ {
		next[length] = word
		word = (word + perLength[length]) << 1
		if perLength[length] > 0 {
			longest = length
		}
	}
	if word != 2<<maxLength {
		return 0
	}
	return longest
}

// number gives every symbol its word: shorter words first, then lower symbols first, as in Deflate.
func (c *code) number(words *words) {
	clear(words[:])
	var next [maxLength + 1]int
	if c.first(&next) == 0 {
		return // a single symbol takes no bits
	}
	for s, length := range c.lengths {
		if length > 0 {
			words[s] = bits.Reverse16(uint16(next[length]))>>(16-length)<<4 | uint16(length)
			next[length]++
		}
	}
}

// index fills the table. It returns the length of the longest word, 0 if a single symbol takes no
// bits, and false if the lengths are not those of a code.
func (c *code) index(table *table) (longest int, ok bool) {
	used := table[:1<<c.limit]
	if s, ok := c.single(); ok {
		for i := range used {
			used[i] = entry(s << c.shift)
		}
		return 0, true
	}
	var next [maxLength + 1]int
	longest = c.first(&next)
	if longest == 0 || longest > c.limit {
		return 0, false
	}
	order, at := c.sorted()
	size := 1
	for length := 1; length <= c.limit; length++ {
		copy(used[size:2*size], used[:size]) // shorter words are repeated for whatever follows them
		size *= 2
		for _, s := range order[at[length]:at[length+1]] {
			word := bits.Reverse16(uint16(next[length])) >> (16 - length)
			next[length]++
			used[word] = entry(s<<c.shift | uint16(length))
		}
	}
	return longest, true
}

// sorted returns the symbols by length, and the start of each length.
func (c *code) sorted() (order [maxSymbols]uint16, at [maxLength + 2]int) {
	for _, length := range c.lengths {
		at[length+1]++
	}
	for length := range maxLength + 1 {
		at[length+1] += at[length]
	}
	to := at
	for s, length := range c.lengths {
		order[to[length]] = uint16(s)
		to[length]++
	}
	return order, at
}
