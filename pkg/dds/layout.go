package dds

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"math/bits"
)

// Format is a block compression. Its value is the digit of the BCn name.
type Format uint8

// The formats that X-Plane's ground textures use.
const (
	BC1 Format = 1 // opaque; 8 bytes a block of 4×4 px; FourCC DXT1
	BC3 Format = 3 // with 8-bit alpha; 16 bytes a block; FourCC DXT5
)

// String returns "BC1" or "BC3".
func (f Format) String() string { return fmt.Sprintf("BC%d", uint8(f)) }

func (f Format) blockBytes() int {
	if f == BC3 {
		return 16
	}
	return 8
}

func (f Format) fourCC() uint32 {
	if f == BC3 {
		return 0x35545844 // "DXT5"
	}
	return 0x31545844 // "DXT1"
}

// Ground is the colour of ground without imagery.
var Ground = color.NRGBA{R: 66, G: 77, B: 55, A: 255}

// HeaderSize is the length of a DDS header with its magic, in bytes: the offset of level 0.
const HeaderSize = 128

// MaxSide is the side in pixels of the largest texture.
const MaxSide = 4096

// ErrLayout means that a format or side is not supported.
var ErrLayout = errors.New("invalid texture layout")

// ErrHeader means that the bytes are not a DDS header as this package writes it.
var ErrHeader = errors.New("not a DDS header written by xelpack")

// Layout is the layout of a texture's file: it determines every size and offset. The zero Layout is
// not valid.
type Layout struct {
	Format Format
	Side   int // pixels: 256, 512, 1024, 2048 or 4096
}

// Valid returns nil, or an ErrLayout that says what is wrong. The other methods need a valid
// Layout.
func (l Layout) Valid() error {
	if l.Format != BC1 && l.Format != BC3 {
		return fmt.Errorf("%w: format %d, want BC1 or BC3", ErrLayout, uint8(l.Format))
	}
	if l.Side < chunkSide || l.Side > MaxSide || l.Side&(l.Side-1) != 0 {
		return fmt.Errorf("%w: side %d px, want 256, 512, 1024, 2048 or 4096", ErrLayout, l.Side)
	}
	return nil
}

// Levels is the number of mip levels, down to one pixel: 13 at 4096 px, 9 at 256.
func (l Layout) Levels() int { return bits.Len(uint(l.Side)) }

// Size is the length of the whole file in bytes, header included.
func (l Layout) Size() int64 {
	off, n := l.Level(l.Levels() - 1)
	return off + n
}

// Level returns the offset and length in bytes of mip level n in the file. It panics if there is no
// such level.
func (l Layout) Level(n int) (offset, length int64) {
	if n < 0 || n >= l.Levels() {
		panic(fmt.Sprintf("dds: level %d of %d", n, l.Levels()))
	}
	offset = HeaderSize
	for i := range n {
		offset += l.levelBytes(i)
	}
	return offset, l.levelBytes(n)
}

func (l Layout) levelBytes(n int) int64 {
	blocks := int64(blocksAcross(l.Side >> n))
	return blocks * blocks * int64(l.Format.blockBytes())
}

// blocksAcross is the number of 4×4 blocks along side pixels; anything smaller than a block takes a
// whole one.
func blocksAcross(side int) int { return max(1, side/4) }

// Header returns the header of the file.
func (l Layout) Header() [HeaderSize]byte {
	var h [HeaderSize]byte
	put := func(at int, v uint32) { binary.LittleEndian.PutUint32(h[at:], v) }
	put(0, 0x20534444) // "DDS "
	put(4, 124)
	put(8, 0x000A1007) // caps, height, width, pixel format, mip count, linear size
	put(12, uint32(l.Side))
	put(16, uint32(l.Side))
	put(20, uint32(l.levelBytes(0)))
	put(28, uint32(l.Levels()))
	put(76, 32)
	put(80, 4) // a FourCC follows
	put(84, l.Format.fourCC())
	put(108, 0x00401008) // texture, complex, mipmap
	return h
}

// ParseHeader reads the layout from the first 128 bytes of a file. It is strict: a header that
// differs in any byte from what Header returns is an ErrHeader.
func ParseHeader(b []byte) (Layout, error) {
	if len(b) < HeaderSize {
		return Layout{}, fmt.Errorf("%w: %d bytes, want %d", ErrHeader, len(b), HeaderSize)
	}
	l := Layout{Format: BC1, Side: int(binary.LittleEndian.Uint32(b[12:]))}
	if binary.LittleEndian.Uint32(b[84:]) == BC3.fourCC() {
		l.Format = BC3
	}
	if err := l.Valid(); err != nil {
		return Layout{}, fmt.Errorf("%w: %w", ErrHeader, err)
	}
	want := l.Header()
	for i, c := range b[:HeaderSize] {
		if c != want[i] {
			return Layout{}, fmt.Errorf("%w: byte %d is 0x%02x, want 0x%02x for %v at %d px",
				ErrHeader, i, c, want[i], l.Format, l.Side)
		}
	}
	return l, nil
}
