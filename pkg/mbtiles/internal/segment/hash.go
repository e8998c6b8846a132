package segment

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"

	"github.com/xelpack/xelpack/pkg/dds"
)

// stateSize is the length of a state of SHA-256.
const stateSize = sha256.Size

// Sums are what the bytes of a file are compared with: the SHA-256 of the whole, and the states
// that it goes through. Every segment but the last begins and ends at a multiple of the 64 bytes
// that SHA-256 takes at a time, so that with the state after the segment before it, any segment can
// be compared alone, with the state after it; the last one with the SHA-256 itself. This takes no
// more time than the SHA-256 of the file alone.
type Sums struct {
	SHA    [sha256.Size]byte
	States []byte // after every segment but the last, one after the other
}

// Hash computes the Sums of a file from its segments, in order.
type Hash struct {
	sha    hash.Hash
	left   int // segments to come
	states []byte
}

// NewHash begins with the header of a layout.
func NewHash(l dds.Layout) *Hash {
	h := &Hash{sha: sha256.New(), left: CutOf(l).Segments}
	h.states = make([]byte, 0, (h.left-1)*stateSize)
	header := l.Header()
	h.sha.Write(header[:])
	return h
}

// Add adds the next segment, decoded.
func (h *Hash) Add(data []byte) {
	h.sha.Write(data)
	if h.left--; h.left > 0 {
		h.states = append(h.states, stateOf(h.sha)...)
	}
}

// Sums returns the result.
func (h *Hash) Sums() (s Sums) {
	h.sha.Sum(s.SHA[:0])
	s.States = h.states
	return s
}

// StatesLen returns the length of the states of a file.
func (c Cut) StatesLen() int { return (c.Segments - 1) * stateSize }

// Hash returns the Sums of a whole file.
func (c Cut) Hash(file []byte) Sums {
	h := NewHash(c.Layout)
	for n := range c.Segments {
		off, length := c.Bounds(n)
		h.Add(file[off:][:length])
	}
	return h.Sums()
}

// Is reports whether data is the segment of a file with the sums.
func (p Piece) Is(data []byte, s Sums) bool {
	c, n := p.cut, int(p.ID&0xff)
	if len(s.States) != c.StatesLen() || len(data) != p.Length {
		return false
	}
	h := sha256.New()
	if n == 0 {
		header := c.Layout.Header()
		h.Write(header[:])
	} else {
		off, _ := c.Bounds(n)
		resume(h, s.States[(n-1)*stateSize:][:stateSize], off)
	}
	h.Write(data)
	if n == c.Segments-1 {
		return [sha256.Size]byte(h.Sum(nil)) == s.SHA
	}
	return bytes.Equal(stateOf(h), s.States[n*stateSize:][:stateSize])
}

// The form in which crypto/sha256 writes down its state: a mark, the state, the bytes not taken
// yet, and how many bytes there were. Go promises to go on reading it; that it goes on writing it
// is tested.
const (
	shaMark = "sha\x03"
	shaSize = len(shaMark) + stateSize + sha256.BlockSize + 8
)

// stateOf returns the state of h after whole blocks.
func stateOf(h hash.Hash) []byte {
	b, err := h.(encoding.BinaryAppender).AppendBinary(make([]byte, 0, shaSize))
	if err != nil || len(b) != shaSize || string(b[:len(shaMark)]) != shaMark {
		panic("crypto/sha256 writes its state down in another form") // a test sees that it does not
	}
	return b[len(shaMark):][:stateSize]
}

// resume puts h into the state after n bytes, whole blocks.
func resume(h hash.Hash, state []byte, n int64) {
	b := append(make([]byte, 0, shaSize), shaMark...)
	b = append(b, state...)
	b = append(b, make([]byte, sha256.BlockSize)...)
	b = binary.BigEndian.AppendUint64(b, uint64(n))
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
		panic(err) // Go reads what it has ever written
	}
}
