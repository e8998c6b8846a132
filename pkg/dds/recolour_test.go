package dds

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// same is a palette that changes nothing.
var same = NewPalette(func([]byte) {})

func evenly(v float64) [4]int32 {
	w := int32(v * One)
	return [4]int32{w, w, w, w}
}

// TestRecolourNothing: with full colour every file stays as it is, whatever its blocks' modes are.
func TestRecolourNothing(t *testing.T) {
	for _, l := range []Layout{{BC1, 256}, {BC3, 512}} {
		file := randomFile(l, 1)
		got := slices.Clone(file)
		l.Recolour(got, got, 0, &Recolouring{Palette: same, Saturation: evenly(1)})
		if !bytes.Equal(got, file) {
			t.Errorf("%v: bytes differ", l)
		}
	}
}

func randomFile(l Layout, seed uint64) []byte {
	file := make([]byte, l.Size())
	rng := rand.NewChaCha8([32]byte{byte(seed)})
	rng.Read(file)
	h := l.Header()
	copy(file, h[:])
	return file
}

// TestSaturation: the colours of AutoOrtho's seasons and of a filler, within a step of 565.
func TestSaturation(t *testing.T) {
	for _, test := range []struct {
		in    [3]int
		share float64
		want  [3]int
	}{
		{[3]int{200, 100, 50}, .85, [3]int{187, 102, 60}},
		{[3]int{200, 100, 50}, .70, [3]int{175, 105, 70}},
		{[3]int{200, 100, 50}, .55, [3]int{162, 107, 80}},
		{[3]int{200, 100, 50}, 0, [3]int{117, 117, 117}},
		{[3]int{40, 120, 30}, .85, [3]int{48, 116, 39}},
		{[3]int{40, 120, 30}, .70, [3]int{56, 112, 49}},
		{[3]int{40, 120, 30}, .55, [3]int{65, 109, 59}},
		{[3]int{40, 120, 30}, 0, [3]int{96, 96, 96}},
		{[3]int{66, 77, 55}, .55, [3]int{69, 75, 63}},
	} {
		block := make([]byte, 8)
		binary.LittleEndian.PutUint16(block, near565(test.in))
		binary.LittleEndian.PutUint16(block[2:], near565(test.in))
		Layout{BC1, 256}.Recolour(block, block, HeaderSize, &Recolouring{Palette: same, Saturation: evenly(test.share)})
		got := binary.LittleEndian.Uint16(block)
		want := near565(test.want)
		for _, ch := range []struct{ shift, mask uint16 }{{11, 31}, {5, 63}, {0, 31}} {
			if d := int(got>>ch.shift&ch.mask) - int(want>>ch.shift&ch.mask); d < -1 || d > 1 {
				t.Errorf("%v at %v: %v, want %v", test.in, test.share, expand565(got), test.want)
			}
		}
	}
}

func near565(c [3]int) uint16 {
	return uint16((c[0]*31+127)/255<<11 | (c[1]*63+127)/255<<5 | (c[2]*31+127)/255)
}

// TestRecolourModes: the mode of a block stays, and its pixels are those of the new colours.
func TestRecolourModes(t *testing.T) {
	turned := NewPalette(func(pix []byte) {
		for i := range pix {
			pix[i] = 255 - pix[i] // turns every order
		}
	})
	for _, test := range []struct {
		name  string
		block []byte
	}{
		{"four colours", []byte{0xff, 0xff, 0, 0, 0xe4, 0xe4, 0xe4, 0xe4}},
		{"three colours", []byte{0, 0, 0xff, 0xff, 0xe4, 0xe4, 0xe4, 0xe4}},
		{"one colour", []byte{0x12, 0x34, 0x12, 0x34, 0, 0, 0, 0}},
	} {
		block := slices.Clone(test.block)
		Layout{BC1, 256}.Recolour(block, block, HeaderSize, &Recolouring{Palette: turned, Saturation: evenly(1)})
		mode := func(b []byte) bool {
			return binary.LittleEndian.Uint16(b) > binary.LittleEndian.Uint16(b[2:])
		}
		if mode(block) != mode(test.block) {
			t.Errorf("%s: another mode: %x", test.name, block)
		}
		var before, after [64]byte
		decodeBlock(BC1, test.block, &before)
		decodeBlock(BC1, block, &after)
		for i, v := range before {
			if i%4 < 3 && before[i|3] == 255 {
				v = 255 - v
			}
			if d := int(after[i]) - int(v); d < -1 || d > 1 {
				t.Errorf("%s: byte %d of the pixels is %d, want %d", test.name, i, after[i], v)
			}
		}
	}
	grey := NewPalette(func(pix []byte) { // all ends become equal
		for i := range pix {
			pix[i] = 90
		}
	})
	block := []byte{0xff, 0xff, 0, 0, 0xe4, 0xe4, 0xe4, 0xe4}
	Layout{BC1, 256}.Recolour(block, block, HeaderSize, &Recolouring{Palette: grey, Saturation: evenly(1)})
	if indices := binary.LittleEndian.Uint32(block[4:]); indices != 0 {
		t.Errorf("equal ends with indices %x: index 3 is transparent then", indices)
	}
}

// TestRecolourInParts: a file recoloured in parts is the file recoloured at once, and a level's
// middle has the weight of the middle.
func TestRecolourInParts(t *testing.T) {
	r := &Recolouring{Palette: same, Saturation: [4]int32{0, One, One / 3, One}, White: [4]int32{One, 0, 0, One / 2}}
	for _, l := range []Layout{{BC1, 512}, {BC3, 256}} {
		file := randomFile(l, 2)
		whole := make([]byte, len(file))
		l.Recolour(whole, file, 0, r)
		for off := int64(0); off < int64(len(file)); {
			end := min(off+16*(1+off%700), int64(len(file)))
			l.Recolour(file[off:end:end], file[off:end:end], off, r)
			off = end
		}
		if !bytes.Equal(file, whole) {
			t.Errorf("%v: parts differ from the whole", l)
		}
	}
}

// FuzzRecolour: the kernels in C give the bytes of the one in Go, in place and apart.
func FuzzRecolour(f *testing.F) {
	f.Add(uint64(1), int32(0), int32(5000), int32(One), int32(77), int32(0), uint16(40), uint16(9), false)
	f.Add(uint64(2), int32(One), int32(One), int32(0), int32(One), int32(0), uint16(9), uint16(0), true)
	f.Add(uint64(3), int32(One), int32(One), int32(1<<20), int32(0), int32(One), uint16(900), uint16(5), false)
	f.Fuzz(func(t *testing.T, seed uint64, nw, ne, sw, se, white int32, blocks, first uint16, bc3 bool) {
		weight := func(v int32) int32 { return int32(uint32(v) % (One + 1)) }
		rng := rand.New(rand.NewPCG(seed, 0))
		r := &Recolouring{Palette: same, Saturation: [4]int32{weight(nw), weight(ne), weight(sw), weight(se)}}
		if seed&1 != 0 {
			r.Palette = odd
		}
		if white != 0 {
			r.White = [4]int32{weight(white), weight(white ^ ne), weight(white ^ sw), weight(white ^ se)}
		}
		format := BC1
		if bc3 {
			format = BC3
		}
		across := int64(1) << rng.IntN(11)
		at := int64(first) % (across * across)
		src := make([]byte, min(int64(blocks%2048)+1, across*across-at)*int64(format.blockBytes()))
		for i := range src {
			src[i] = byte(rng.Uint32())
			if seed%3 == 0 && i%8 > 0 && rng.IntN(2) == 0 {
				src[i] = src[i-1] // equal and nearly equal ends
			}
		}
		want, got := make([]byte, len(src)), make([]byte, len(src))
		recolourGo(want, src, format, r, at, across)
		for _, name := range Variants() {
			newRecolourer(name)(got, src, format, r, at, across)
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from Go", name)
			}
			copy(got, src)
			newRecolourer(name)(got, got, format, r, at, across)
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from Go in place", name)
			}
		}
	})
}

// odd is a palette that changes every colour.
var odd = NewPalette(func(pix []byte) {
	for i := range pix {
		pix[i] = byte(i/4*77 + i%4*50)
	}
})

// BenchmarkRecolour reads as a mount does: whole textures, 128 kB at a time, into a buffer.
// best-GB/s is of the quickest texture, which other programs did not interrupt.
func BenchmarkRecolour(b *testing.B) {
	l := Layout{BC1, 4096}
	file := randomFile(l, 3)
	// ends that lie together, as imagery's do
	for at := HeaderSize; at < len(file); at += 8 {
		e := uint16(at>>9)*33 | 0x4208
		binary.LittleEndian.PutUint16(file[at:], e+uint16(file[at+4]&31)+0x821)
		binary.LittleEndian.PutUint16(file[at+2:], e)
	}
	softer := NewPalette(func(pix []byte) {
		for i, v := range pix {
			pix[i] = v - v/16
		}
	})
	season := [4]int32{One * 7 / 8, One, One, One * 7 / 8}
	for _, test := range []struct {
		name string
		r    Recolouring
	}{
		{"season", Recolouring{Palette: same, Saturation: season}},
		{"snow", Recolouring{Palette: same, Saturation: season, White: evenly(.5)}},
		{"look", Recolouring{Palette: softer, Saturation: evenly(1)}},
		{"look-and-season", Recolouring{Palette: softer, Saturation: season}},
	} {
		b.Run(test.name, func(b *testing.B) {
			dst := make([]byte, 128<<10)
			b.SetBytes(int64(len(file)))
			best := time.Hour
			for b.Loop() {
				began := time.Now()
				for off := 0; off < len(file); off += len(dst) {
					part := file[off:min(off+len(dst), len(file))]
					l.Recolour(dst[:len(part)], part, int64(off), &test.r)
				}
				best = min(best, time.Since(began))
			}
			b.ReportMetric(float64(len(file))/best.Seconds()/1e9, "best-GB/s")
		})
	}
}
