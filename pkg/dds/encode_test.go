package dds

import (
	"encoding/binary"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// flatError is the sum of squares, times 9, of a flat block's decoded colour at exact thirds.
func flatError(block []byte, c [3]int) int {
	hi, lo := expand565(binary.LittleEndian.Uint16(block)), expand565(
		binary.LittleEndian.Uint16(block[2:]))
	w := [4]int{3, 0, 2, 1}[binary.LittleEndian.Uint32(block[4:])&3]
	sum := 0
	for k := range c {
		d := hi[k]*w + lo[k]*(3-w) - 3*c[k]
		sum += d * d
	}
	return sum
}

// bestFlat is the least that any pair of ends can do for one channel: flatError of the optimal
// pair, by trying all.
func bestFlat(v, bits int) int {
	best := math.MaxInt
	expand := func(q int) int { return q<<(8-bits) | q>>(2*bits-8) }
	for p := range 1 << bits {
		for q := range 1 << bits {
			d := 2*expand(p) + expand(q) - 3*v
			best = min(best, d*d)
		}
	}
	return best
}

// No flat colour is further off than with the optimal pair, at any quality, and all its pixels are
// alike.
func TestFlatBlocksOptimal(t *testing.T) {
	var best5, best6 [256]int
	for v := range 256 {
		best5[v], best6[v] = bestFlat(v, 5), bestFlat(v, 6)
	}
	rng := rand.New(rand.NewPCG(8, 9))
	colors := [][3]int{{66, 77, 55}, {255, 255, 255}, {0, 0, 0}, {0, 0, 8}, {8, 4, 8}}
	for v := range 256 {
		colors = append(colors, [3]int{v, v, v}, [3]int{rng.IntN(256), v, rng.IntN(256)})
	}
	var px [64]byte
	var block [8]byte
	for _, c := range colors {
		for i := range 16 {
			px[i*4], px[i*4+1], px[i*4+2] = byte(c[0]), byte(c[1]), byte(c[2])
		}
		for _, q := range []Quality{Fast, Good, Best} {
			encodeColor(block[:], &px, q)
			if got, want := flatError(block[:],
				c), best5[c[0]]+best6[c[1]]+best5[c[2]]; got > want {
				t.Errorf("%v %v: error %d, optimal pair %d", c, q, got, want)
			}
			if i := binary.LittleEndian.Uint32(block[4:]); i != i&3*0x55555555 {
				t.Errorf("%v %v: indices %08x", c, q, i)
			}
		}
	}
}

// Every block is of the four-colour kind: the first end is the larger number.
func TestFourColors(t *testing.T) {
	for name, pix := range hardPictures() {
		file := agree(t, pix, BC1, Good)
		// agree does not make the last two levels
		for at := HeaderSize; at < len(file)-2*8; at += 8 {
			if c0, c1 := binary.LittleEndian.Uint16(file[at:]), binary.LittleEndian.Uint16(
				file[at+2:]); c0 <= c1 {
				t.Fatalf("%s: block at %d has ends %04x %04x", name, at, c0, c1)
			}
		}
	}
}

// smooth is a wide gradient such as sky or deep water has: 40 px a code value, each channel at its
// own pace.
func smooth() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, 1024, 256))
	for i := 0; i < len(img.Pix); i += 4 {
		x, y := i/4%1024, i/4/1024
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = byte(30+(x+y)/40), byte(
			60+(x+2*y)/48), byte(90+(2*x+y)/64), 255
	}
	return img
}

// A smooth gradient shows no bands: no pixel is more than two code values off, where the steps of
// the ends are eight apart.
func TestNoBanding(t *testing.T) {
	img := smooth()
	for _, q := range []Quality{Fast, Good, Best} {
		w := NewWorker()
		defer w.Close()
		blocks, err := w.Encode(img, BC1, q)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0
		for b := range len(blocks) / 8 {
			var px [64]byte
			decodeBlock(BC1, blocks[b*8:][:8], &px)
			for i := range 16 {
				at := img.PixOffset(b%256*4+i%4, b/256*4+i/4)
				for c := range 3 {
					d := int(px[i*4+c]) - int(img.Pix[at+c])
					worst = max(worst, d, -d)
				}
			}
		}
		if worst > 2 {
			t.Errorf("%v: a pixel is %d code values off", q, worst)
		}
	}
}

// Every level of quality is at least as good as it was when it was made, and better than the one
// below.
func TestQualityOrder(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, chunkSide, chunkSide))
	copy(img.Pix, hardPictures()["any contrast"])
	w := NewWorker()
	defer w.Close()
	last := math.Inf(1)
	for _, q := range []Quality{Fast, Good, Best} {
		blocks, err := w.Encode(img, BC1, q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(Layout{BC1, chunkSide}, 0, blocks)
		if err != nil {
			t.Fatal(err)
		}
		for i := 3; i < len(got.Pix); i += 4 {
			got.Pix[i] = img.Pix[i]
		}
		if d := rms(got.Pix, img.Pix); d >= last {
			t.Errorf("%v: error %.3f, the level below had %.3f", q, d, last)
		} else {
			last = d
		}
	}
}

// The alpha block takes the nearest of its eight values for every pixel, and meets its extremes
// exactly.
func TestAlphaNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for lo := range 256 {
		for hi := lo; hi < 256; hi += 1 + rng.IntN(9) {
			var px, got [64]byte
			px[3], px[63] = byte(lo), byte(hi)
			for i := 7; i < 63; i += 4 {
				px[i] = byte(lo + rng.IntN(hi-lo+1))
			}
			var block [16]byte
			encodeBlock(block[:], &px, BC3, Fast)
			decodeBlock(BC3, block[:], &got)
			if got[3] != px[3] || got[63] != px[63] {
				t.Fatalf("%d…%d: extremes %d, %d", lo, hi, got[3], got[63])
			}
			for i := 3; i < 64; i += 4 {
				for k := range 8 {
					step := lo*7 + (hi-lo)*k
					if best, d := abs(float32(7*int(px[i])-step)), abs(
						float32(7*(int(got[i])-int(px[i])))); d > best+3.5 {
						t.Fatalf("%d…%d: %d became %d, step %d is nearer", lo, hi, px[i], got[i], k)
					}
				}
			}
		}
	}
}

func TestEncodePicture(t *testing.T) {
	w := NewWorker()
	img := image.NewNRGBA(image.Rect(0, 0, 140, 12))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	part := img.SubImage(image.Rect(4, 4, 136, 12)).(*image.NRGBA)
	for _, f := range []Format{BC1, BC3} {
		blocks, err := w.Encode(part, f, Good)
		if err != nil {
			t.Fatal(err)
		}
		size := f.blockBytes()
		if len(blocks) != 33*2*size {
			t.Fatalf("%v: %d bytes", f, len(blocks))
		}
		for b := range 66 {
			var px [64]byte
			for r := range 4 {
				copy(px[r*16:][:16], part.Pix[(b/33*4+r)*part.Stride+b%33*16:])
			}
			want := make([]byte, size)
			encodeBlock(want, &px, f, Good)
			if string(want) != string(blocks[b*size:][:size]) {
				t.Errorf("%v: block %d is %x, want %x", f, b, blocks[b*size:][:size], want)
			}
		}
	}
	for _, r := range []image.Rectangle{image.Rect(0, 0, 6, 4), image.Rect(0, 0, 4, 7), {}} {
		if _, err := w.Encode(image.NewNRGBA(r), BC1, Good); !errors.Is(err, ErrPixels) {
			t.Errorf("%v: %v", r, err)
		}
	}
	if _, err := w.Encode(img, 2, Good); !errors.Is(err, ErrLayout) {
		t.Errorf("BC2: %v", err)
	}
	w.Close()
	if _, err := w.Encode(img, BC1, Good); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
