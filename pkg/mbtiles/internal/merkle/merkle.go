// Package merkle computes the hash tree over the textures of an archive, which is that of RFC 6962:
// a leaf is SHA-256 of a byte 0 and its data, a node that of a byte 1 and its two children, and a
// tree of n leaves has the largest power of two below n on its left.
//
// An archive keeps the tree in blocks: level 0 has the hashes of the leaves, and each further level
// one hash for every Fan of the level below, the root of the subtree over them. So what leads from
// one leaf to the root is one block a level, which a reader far away gets in few bytes.
package merkle

import (
	"crypto/sha256"
	"math/bits"
)

// Hash is that of a leaf or node.
type Hash = [sha256.Size]byte

// Fan is how many hashes of a level one block has, and one hash of the next level stands for.
const Fan = 1 << fanBits

const fanBits = 6

// Leaf returns the hash of a leaf whose data comes in parts.
func Leaf(parts ...[]byte) (sum Hash) {
	h := sha256.New()
	h.Write([]byte{0})
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

// node returns the hash of a node.
func node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// split returns how many of n leaves, at least two, are on the left.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

// Root returns the root of the tree over hashes, each of a leaf or of a full subtree, which all but
// the last have the same size. Of none it is the SHA-256 of nothing.
func Root(hashes []Hash) Hash {
	switch n := len(hashes); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hashes[0]
	default:
		k := split(n)
		return node(Root(hashes[:k]), Root(hashes[k:]))
	}
}

// Next returns the level above one.
func Next(level []Hash) []Hash {
	next := make([]Hash, 0, (len(level)+Fan-1)/Fan)
	for len(level) > 0 {
		n := min(Fan, len(level))
		next = append(next, Root(level[:n]))
		level = level[n:]
	}
	return next
}

// Levels returns how many levels the blocks of a tree of n leaves have.
func Levels(n int) int {
	levels := 0
	for ; n > 0; n = (n + Fan - 1) / Fan {
		levels++
		if n <= Fan {
			break
		}
	}
	return levels
}

// Width returns how many hashes a level of a tree of n leaves has.
func Width(n, level int) int { return (n + 1<<(fanBits*level) - 1) >> (fanBits * level) }

// Blocks returns the hashes of a block of a tree, by its level and number.
type Blocks func(level, number int) ([]Hash, error)

// Subtree returns the root of the subtree over the leaves from lo up to hi, which must be one of a
// tree of n leaves, from the blocks of the highest level that has it.
func (b Blocks) Subtree(lo, hi int) (Hash, error) {
	level := 0
	for hi-lo > 1<<(fanBits*(level+1)) {
		level++
	}
	first, last := lo>>(fanBits*level), (hi-1)>>(fanBits*level)
	block, err := b(level, first>>fanBits)
	if err != nil {
		return Hash{}, err
	}
	return Root(block[first&(Fan-1) : last&(Fan-1)+1]), nil
}
