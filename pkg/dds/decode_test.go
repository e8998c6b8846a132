package dds

import (
	"errors"
	"image/color"
	"math/rand/v2"
	"testing"
)

// Blocks written by hand, with the colours that the format's definition gives them.
func TestDecodeBlock(t *testing.T) {
	red, green, blue := color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 255, 0, 255}, color.NRGBA{0, 0,
		255, 255}
	for _, c := range []struct {
		name   string
		format Format
		block  []byte
		want   [4]color.NRGBA // of the first row
	}{
		{"four colours", BC1, []byte{0x00, 0xF8, 0x1F, 0x00, 0b11100100, 0, 0, 0},
			[4]color.NRGBA{red, blue, {170, 0, 85, 255}, {85, 0, 170, 255}}},
		{"three colours", BC1, []byte{0xE0, 0x07, 0x00, 0xF8, 0b11100100, 0, 0, 0},
			[4]color.NRGBA{green, red, {128, 128, 0, 255}, {0, 0, 0, 0}}},
		{"BC3 has four whatever the order", BC3,
			[]byte{255, 0, 0b10001000, 0b11000110, 0b11111010, 0, 0, 0, 0x1F, 0x00, 0x00, 0xF8,
				0b11100100, 0, 0, 0},
			[4]color.NRGBA{{0, 0, 255, 255}, {255, 0, 0, 0}, {85, 0, 170, 219}, {170, 0, 85, 182}}},
		{"BC3 six alphas", BC3, []byte{10, 110, 0b10111110, 0b00000010, 0, 0, 0, 0, 0x1F, 0x00,
			0x1F, 0x00, 0, 0, 0, 0},
			[4]color.NRGBA{{0, 0, 255, 0}, {0, 0, 255, 255}, {0, 0, 255, 30}, {0, 0, 255, 110}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var px [64]byte
			decodeBlock(c.format, c.block, &px)
			for i, want := range c.want {
				if got := (color.NRGBA{px[i*4], px[i*4+1], px[i*4+2], px[i*4+3]}); got != want {
					t.Errorf("pixel %d: %v, want %v", i, got, want)
				}
			}
		})
	}
}

func TestDecodeSizes(t *testing.T) {
	l := Layout{BC3, 256}
	for level := range l.Levels() {
		_, n := l.Level(level)
		img, err := Decode(l, level, make([]byte, n))
		if err != nil || img.Rect.Dx() != 256>>level || img.Rect.Dy() != 256>>level {
			t.Errorf("level %d: %v, %v", level, img.Rect, err)
		}
		for _, wrong := range []int64{0, n - 1, n + 1} {
			if _, err := Decode(l, level, make([]byte, wrong)); !errors.Is(err, ErrBlocks) {
				t.Errorf("level %d from %d bytes: %v", level, wrong, err)
			}
		}
	}
	for _, level := range []int{-1, 9, 1000} {
		if _, err := Decode(l, level, nil); !errors.Is(err, ErrLevel) {
			t.Errorf("level %d: %v", level, err)
		}
	}
	if _, err := Decode(Layout{}, 0, nil); !errors.Is(err, ErrLayout) {
		t.Errorf("no layout: %v", err)
	}
}

// Any bytes are some picture; pixels of BC3 keep their alpha and those of BC1 are opaque but in the
// three-colour mode.
func FuzzDecodeBlock(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, true)
	f.Add([]byte{255, 255, 0, 0, 0xAA, 0xAA, 0xAA, 0xAA}, false)
	f.Fuzz(func(t *testing.T, b []byte, bc3 bool) {
		l, size := Layout{BC1, 256}, 8
		if bc3 {
			l, size = Layout{BC3, 256}, 16
		}
		img, err := Decode(l, 6, b)
		if len(b) != size {
			if _, err := Decode(l, 8, b); !errors.Is(err, ErrBlocks) {
				t.Fatalf("%d bytes: %v", len(b), err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		one, err := Decode(l, 8, b)
		if err != nil || one.NRGBAAt(0, 0) != img.NRGBAAt(0, 0) {
			t.Fatalf("one pixel: %v, %v", one, err)
		}
	})
}

// The colours of JPEG are those of Decode, converted.
func TestDecodeYCbCr(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{BC1, BC3} {
		l := Layout{Format: f, Side: 256}
		noise := rand.New(rand.NewPCG(1, uint64(f)))
		for level := range l.Levels() {
			_, n := l.Level(level)
			blocks := make([]byte, n)
			for i := range blocks {
				blocks[i] = byte(noise.Uint32())
			}
			want, errWant := Decode(l, level, blocks)
			got, err := DecodeYCbCr(l, level, blocks)
			if err != nil || errWant != nil || got.Rect != want.Rect {
				t.Fatal(err, errWant)
			}
			for y := range want.Rect.Dy() {
				for x := range want.Rect.Dx() {
					p := want.NRGBAAt(x, y)
					var w color.YCbCr
					w.Y, w.Cb, w.Cr = color.RGBToYCbCr(p.R, p.G, p.B)
					if g := got.YCbCrAt(x, y); g != w {
						t.Fatalf("%v, level %d: %d,%d is %v, want %v", f, level, x, y, g, w)
					}
				}
			}
		}
		if _, err := DecodeYCbCr(l, 0, nil); err == nil {
			t.Error("no blocks, and no error")
		}
	}
}
