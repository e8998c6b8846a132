// Package blocks codes the blocks of DDS textures without loss: it splits them into streams of
// small symbols that describe how a block differs from its neighbours, and gives each stream a
// Huffman code. docs/archive-format.md (codec 2) is the specification.
//
//	packed := packer.Append(nil, shape, raw)
//	err := unpacker.Unpack(raw, shape, packed)
//
// The bytes are the same on every machine and for every version of the code, vector or pure Go.
// Unpack accepts any input safely: it never writes outside its buffer, and what it accepts is what
// Append would have made of the result, bit for bit, except for the choice of codes.
package blocks

import (
	"errors"
	"fmt"
	"iter"
)

// ErrDamaged means that the bytes were not made by a Packer.
var ErrDamaged = errors.New("damaged blocks")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Shape is the arrangement of blocks: an area of Width×Height blocks, row by row, and with Mips the
// areas of all smaller mip levels after it.
type Shape struct {
	BC3           bool // 16 bytes a block: 8 of alpha, then 8 as in BC1
	Width, Height int
	Mips          bool
}

// blockBytes is the length of a block.
func (s Shape) blockBytes() int {
	if s.BC3 {
		return 16
	}
	return 8
}

// RowsIn returns how many rows of blocks the given bytes are.
func (s Shape) RowsIn(bytes int) int { return bytes / (s.Width * s.blockBytes()) }

// areas yields width and height of the areas in order.
func (s Shape) areas() iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		w, h := s.Width, s.Height
		if !yield(w, h) || !s.Mips {
			return
		}
		for w > 1 {
			w, h = w/2, h/2
			if !yield(w, h) {
				return
			}
		}
		for range 2 { // levels of 2 and 1 px are one block each
			if !yield(1, 1) {
				return
			}
		}
	}
}

// Blocks returns the number of blocks.
func (s Shape) Blocks() int {
	n := 0
	for w, h := range s.areas() {
		n += w * h
	}
	return n
}

// Bytes returns the size of the blocks.
func (s Shape) Bytes() int { return s.Blocks() * s.blockBytes() }
