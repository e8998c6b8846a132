// Package standin makes what is shown in place of a texture that is not there in time: an enlarged
// part of a texture that covers it, or ground colour. Nothing is encoded, so that it is quick.
package standin

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"slices"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Ancestor is a texture some zoom levels above another one that covers it.
type Ancestor struct {
	Layout dds.Layout
	Up     int // zoom levels above
	// ReadAt fills p from off of its file, or returns an error.
	ReadAt func(p []byte, off int64) error
}

// maxEnlarge is how many zoom levels above a texture an ancestor may be that stands in for it.
const maxEnlarge = 4

// Parents yields the textures that cover t, the nearest first, with how many zoom levels they are
// above it.
func Parents(t tiles.Texture) iter.Seq2[int, tiles.Key] {
	return func(yield func(int, tiles.Key) bool) {
		k := t.Key()
		for up := 1; up <= maxEnlarge && int(k.ZL)-up >= int(tiles.MinZL); up++ {
			const align = ^uint32(tiles.TextureChunks - 1)
			if !yield(up, tiles.Key{ZL: k.ZL - tiles.ZL(up), Row: k.Row >> up & align,
				Col: k.Col >> up & align, Maptype: k.Maptype}) {
				return
			}
		}
	}
}

// Enlarge builds a file of layout child from the part of the ancestor's picture that shows t; a BC3
// one is opaque.
// Mip levels that the ancestor has at the same sharpness are copied, and sharper levels repeat its
// pixels, which in BC1 means the same two colours with other indices.
func Enlarge(a Ancestor, t tiles.Texture, child dds.Layout) ([]byte, error) {
	if child.Format == dds.BC3 {
		file, err := Enlarge(a, t, dds.Layout{Format: dds.BC1, Side: child.Side})
		if err != nil {
			return nil, err
		}
		header := child.Header()
		opaque := append(make([]byte, 0, child.Size()), header[:]...)
		for block := range slices.Chunk(file[dds.HeaderSize:], 8) {
			opaque = append(append(opaque, opaqueBlock[:]...), block...)
		}
		return opaque, nil
	}
	crop := cropper{Ancestor: a,
		row: int(t.Row >> 4 & (1<<a.Up - 1)), col: int(t.Col >> 4 & (1<<a.Up - 1))}
	sharpest, err := crop.level(0)
	if err != nil {
		return nil, err
	}
	file := make([]byte, child.Size())
	header := child.Header()
	copy(file, header[:])
	// At this level of the child, one pixel is one pixel of the ancestor's level 0.
	factor := bits.Len(uint(child.Side)) - bits.Len(uint(a.Layout.Side>>a.Up))
	for n := range child.Levels() {
		off, length := child.Level(n)
		dst := file[off : off+length]
		switch side := child.Side >> n; {
		case n < factor:
			repeat(dst, sharpest, side/4, factor-n)
		case side >= 4:
			blocks, err := crop.level(n - factor)
			if err != nil {
				return nil, err
			}
			copy(dst, blocks)
		default: // always one block: the corner of the previous level
			copy(dst, file[off-length:off])
		}
	}
	return file, nil
}

// repeat fills dst, across×across BC1 blocks, by enlarging the pixels of src 1<<shift times.
func repeat(dst, src []byte, across, shift int) {
	from := across >> shift
	for by := range across {
		for bx := range across {
			block := src[8*(by>>shift*from+bx>>shift):][:8]
			out := dst[8*(by*across+bx):][:8]
			copy(out[:4], block[:4])
			indices := binary.LittleEndian.Uint32(block[4:])
			var repeated uint32
			for y := range 4 {
				row := indices >> (8 * ((by*4 + y) >> shift & 3))
				for x := range 4 {
					index := row >> (2 * ((bx*4 + x) >> shift & 3)) & 3
					repeated |= index << (8*y + 2*x)
				}
			}
			binary.LittleEndian.PutUint32(out[4:], repeated)
		}
	}
}

// cropper reads one of the 1<<Up × 1<<Up parts of a texture, as BC1 blocks.
type cropper struct {
	Ancestor
	row, col int // of the part, counted from the north-west
}

// level returns the part's blocks of one mip level.
func (c cropper) level(n int) ([]byte, error) {
	l := c.Layout
	across := l.Side >> n / 4
	part := across >> c.Up
	if part == 0 {
		return nil, fmt.Errorf("level %d is too small to cut into %d parts a side", n, 1<<c.Up)
	}
	size := 8
	if l.Format == dds.BC3 {
		size = 16
	}
	// The part's rows of blocks, at their full width, are contiguous in the file: one read instead
	// of one per row.
	band := make([]byte, part*across*size)
	off, _ := l.Level(n)
	if err := c.ReadAt(band, off+int64(c.row*len(band))); err != nil {
		return nil, err
	}
	blocks := make([]byte, 0, part*part*8)
	for y := range part {
		row := band[(y*across+c.col*part)*size:][:part*size]
		for ; len(row) > 0; row = row[size:] {
			blocks = append(blocks, row[size-8:size]...)
			if l.Format == dds.BC3 {
				fourColours(blocks[len(blocks)-8:])
			}
		}
	}
	return blocks, nil
}

// fourColours turns the colour half of a BC3 block, which always has four colours, into a BC1 block
// of the same colours. In BC1 the order of the end points selects four or three colours.
func fourColours(block []byte) {
	c0, c1 := binary.LittleEndian.Uint16(block), binary.LittleEndian.Uint16(block[2:])
	indices := binary.LittleEndian.Uint32(block[4:])
	switch {
	case c0 == c1:
		indices = 0
	case c0 < c1:
		c0, c1 = c1, c0
		indices ^= 0x55555555 // swap 0 with 1 and 2 with 3
	}
	binary.LittleEndian.PutUint16(block, c0)
	binary.LittleEndian.PutUint16(block[2:], c1)
	binary.LittleEndian.PutUint32(block[4:], indices)
}
