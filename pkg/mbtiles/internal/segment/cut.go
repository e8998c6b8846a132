package segment

import (
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/blocks"
)

// Bytes is the length of every segment of a file except the last.
const Bytes = 256 << 10

// tailSide is the largest level, in pixels, in the last segment.
const tailSide = 512

// The codecs of a segment.
const (
	Raw        = sqlpages.Raw
	Zstd       = 1
	Blocks     = 2 // made by package blocks
	BlocksZstd = 3 // a zstd frame of it
)

// ID returns the row id of segment n of a content.
func ID(content int64, n int) int64 { return content<<8 | int64(n) }

// Cut is how the levels of a layout are cut into segments. Offsets are in the file.
type Cut struct {
	Layout   dds.Layout
	Segments int
	Size     int64 // of the file
}

// Piece is one segment of a content.
type Piece struct {
	ID     int64 // row id
	Length int
	Shape  blocks.Shape
	cut    Cut
}

// CutOf returns the cut of a valid layout. Levels of 1024 px and more are whole multiples of Bytes,
// so their pieces are simply the file after its header, and the rest is the tail.
func CutOf(l dds.Layout) Cut {
	tail := 0
	for l.Side>>tail > tailSide {
		tail++
	}
	start, _ := l.Level(tail)
	return Cut{Layout: l, Segments: int((start-dds.HeaderSize)/Bytes) + 1, Size: l.Size()}
}

// Bounds returns the range of segment n in the file.
func (c Cut) Bounds(n int) (off int64, length int) {
	off = dds.HeaderSize + int64(n)*Bytes
	if n == c.Segments-1 {
		return off, int(c.Size - off)
	}
	return off, Bytes
}

// AtHand reports whether segment n should be readable without decoding: the first or the last of a
// full texture. X-Plane reads these two of every texture, and only these of most; they are a 25th
// of the file.
func (c Cut) AtHand(n int) bool {
	return c.Layout.Side == dds.MaxSide && (n == 0 || n == c.Segments-1)
}

// Piece returns segment n of a content.
func (c Cut) Piece(content int64, n int) Piece {
	off, length := c.Bounds(n)
	level := 0
	for start, levelLength := c.Layout.Level(
		0); off >= start+levelLength; start, levelLength = c.Layout.Level(level) {
		level++
	}
	p := Piece{ID: ID(content, n), Length: length, cut: c}
	p.Shape = blocks.Shape{BC3: c.Layout.Format == dds.BC3, Width: c.Layout.Side >> level / 4}
	if n == c.Segments-1 {
		p.Shape.Height, p.Shape.Mips = p.Shape.Width, true
	} else {
		p.Shape.Height = p.Shape.RowsIn(length)
	}
	return p
}

// At returns the segment with the byte at off, which is past the header and inside the file.
func (c Cut) At(off int64) int {
	return min(int((off-dds.HeaderSize)/Bytes), c.Segments-1)
}
