package standin

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func decode(t *testing.T, l dds.Layout, level int, file []byte) *image.NRGBA {
	t.Helper()
	off, n := l.Level(level)
	img, err := dds.Decode(l, level, file[off:off+n])
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Whatever range is asked for, ground is the same valid file, in the colour of the domain.
func TestGround(t *testing.T) {
	for _, l := range []dds.Layout{small, {Format: dds.BC3, Side: 256},
		{Format: dds.BC1, Side: 512}} {
		whole := make([]byte, l.Size())
		Ground(l, whole, 0)
		if got, err := dds.ParseHeader(whole); err != nil || got != l {
			t.Fatalf("%v: header of %v, %v", l, got, err)
		}
		for level := range l.Levels() {
			pixels := decode(t, l, level, whole).Pix
			if !bytes.Equal(pixels, bytes.Repeat([]byte{66, 77, 55, 255}, len(pixels)/4)) {
				t.Fatalf("%v level %d: not RGB(66,77,55) throughout, it starts %v", l, level,
					pixels[:4])
			}
		}
		rnd := rand.New(rand.NewPCG(3, 4))
		for range 2000 {
			off := rnd.Int64N(l.Size())
			if rnd.IntN(2) == 0 {
				off = rnd.Int64N(300)
			}
			p := make([]byte, rnd.Int64N(min(1000, l.Size()-off)+1))
			Ground(l, p, off)
			if want := whole[off:][:len(p)]; !bytes.Equal(p, want) {
				t.Fatalf("%v: %d bytes at %d are %v, in the whole file %v", l, len(p), off, p, want)
			}
		}
	}
}

// ancestor returns a texture of random blocks at every level, and its file.
func ancestor(l dds.Layout, up int) (Ancestor, []byte) {
	file := noise(l)
	if l.Format == dds.BC1 { // ours are of the four-colour kind
		for i := dds.HeaderSize; i < len(file); i += 8 {
			fourColours(file[i:][:8])
		}
	}
	return Ancestor{Layout: l, Up: up, ReadAt: func(p []byte, off int64) error {
		copy(p, file[off:])
		return nil
	}}, file
}

// noise returns a file of layout l with a valid header and random bytes after it.
func noise(l dds.Layout) []byte {
	file := make([]byte, l.Size())
	rand.NewChaCha8([32]byte{1}).Read(file)
	h := l.Header()
	copy(file, h[:])
	return file
}

// child is the layout of what is enlarged.
var child = dds.Layout{Format: dds.BC1, Side: dds.MaxSide}

var small = dds.Layout{Format: dds.BC1, Side: 256}

// pixel returns what a BC1 or BC3 block says of a pixel's colour: its end points and which mixture
// of them.
func pixel(l dds.Layout, file []byte, level, x, y int) (p [3]uint16) {
	off, _ := l.Level(level)
	across := max(1, l.Side>>level/4)
	// 8 bytes, or 16 of which the last 8 are colour
	at := off + int64(y/4*across+x/4)*int64(8*(l.Format+1)/2)
	block := slices.Clone(file[at:][:8])
	if l.Format == dds.BC3 {
		block = slices.Clone(file[at+8:][:8])
		fourColours(block)
	}
	index := binary.LittleEndian.Uint32(block[4:]) >> (8*(y%4) + 2*(x%4)) & 3
	return [3]uint16{binary.LittleEndian.Uint16(block), binary.LittleEndian.Uint16(block[2:]),
		uint16(index)}
}

// Every pixel of an enlarged texture is the pixel of its ancestor that covers the same ground, at
// the level that is as sharp, or else at its sharpest.
func TestEnlarge(t *testing.T) {
	for _, c := range []struct {
		layout   dds.Layout
		up       int
		col, row int // of the part
	}{
		{child, 1, 0, 0}, {child, 1, 1, 0}, {child, 2, 1, 3},
		{dds.Layout{Format: dds.BC1, Side: 1024}, 1, 0, 1},
		{small, 4, 15, 15}, {small, 4, 0, 7},
		{dds.Layout{Format: dds.BC3, Side: 2048}, 1, 1, 1},
		{dds.Layout{Format: dds.BC3, Side: 256}, 3, 5, 2},
	} {
		t.Run(fmt.Sprintf("%v %d px, %d up, part %d,%d", c.layout.Format, c.layout.Side, c.up,
			c.col, c.row), func(t *testing.T) {
			a, file := ancestor(c.layout, c.up)
			of := tiles.Texture{Row: (100<<c.up + uint32(c.row)) * 16,
				Col: (200<<c.up + uint32(c.col)) * 16, ZL: 15 + tiles.ZL(c.up), Maptype: "bi"}
			got, err := Enlarge(a, of, child)
			if err != nil {
				t.Fatal(err)
			}
			if l, err := dds.ParseHeader(got); err != nil || l != child {
				t.Fatalf("made %v, %v", l, err)
			}
			// below 4 px a block holds more than the level
			for n := range child.Levels() - 2 {
				side := dds.MaxSide >> n
				level := 0 // the ancestor's, of which the part is no larger than side
				for c.layout.Side>>level>>c.up > side {
					level++
				}
				part := c.layout.Side >> level >> c.up
				for i := range 5000 {
					x, y := i*7919%side, i*6007%side
					want := pixel(c.layout, file, level, c.col*part+x*part/side,
						c.row*part+y*part/side)
					if got := pixel(child, got, n, x, y); got != want {
						t.Fatalf("level %d: pixel %d,%d is %v, want %v of level %d", n, x, y, got,
							want, level)
					}
				}
			}
		})
	}
}

// A BC3 block's colours are the same as BC1, whatever the order of its end points.
func TestFourColours(t *testing.T) {
	l := dds.Layout{Format: dds.BC3, Side: 256}
	file := noise(l)
	copy(file[dds.HeaderSize+8:], []byte{1, 2, 1, 2}) // two end points alike
	want := decode(t, l, 0, file)
	blocks := make([]byte, dds.HeaderSize, small.Size())
	for i := dds.HeaderSize; i < len(file); i += 16 {
		fourColours(file[i+8:][:8])
		blocks = append(blocks, file[i+8:][:8]...)
	}
	got := decode(t, small, 0, blocks)
	for i := 3; i < len(want.Pix); i += 4 {
		want.Pix[i] = 255
	}
	if !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the colours differ")
	}
}

func BenchmarkEnlarge(b *testing.B) {
	a, _ := ancestor(child, 1)
	b.SetBytes(child.Size())
	for b.Loop() {
		if _, err := Enlarge(a, tiles.Texture{Row: 1616, Col: 3200, ZL: 16}, child); err != nil {
			b.Fatal(err)
		}
	}
}
