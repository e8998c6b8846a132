package dds

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// hardPictures are chunks in which every sort of block occurs: flat, nearly flat, two colours,
// extremes, noise of every strength.
func hardPictures() map[string][]byte {
	pictures := mipPictures()
	rng := rand.New(rand.NewPCG(5, 6))
	blocks := func(f func(block int, px []byte)) []byte {
		pix := make([]byte, chunkBytes)
		for b := range 64 * 64 {
			var px [64]byte
			f(b, px[:])
			for r := range 4 {
				copy(pix[((b/64*4+r)*chunkSide+b%64*4)*4:][:16], px[r*16:])
			}
		}
		return pix
	}
	around := func(px []byte, spread int) {
		var base [4]int
		for c := range base {
			base[c] = rng.IntN(256)
		}
		for i := range px {
			px[i] = byte(min(max(base[i%4]+rng.IntN(2*spread+1)-spread, 0), 255))
		}
	}
	pictures["any contrast"] = blocks(func(b int, px []byte) { around(px, b%128) })
	pictures["nearly flat"] = blocks(func(b int, px []byte) { around(px, b%5) })
	pictures["two colours"] = blocks(func(b int, px []byte) {
		var two [2][4]byte
		for i := range 8 {
			two[i/4][i%4] = byte(rng.IntN(256))
		}
		for i := range 16 {
			copy(px[i*4:], two[rng.IntN(1+b%16)/8][:])
		}
	})
	pictures["extremes"] = blocks(func(b int, px []byte) {
		for i := range px {
			px[i] = byte(rng.IntN(2) * 255)
		}
	})
	pictures["one pixel apart"] = blocks(func(b int, px []byte) {
		around(px[:4], 0)
		for i := 4; i < 64; i++ {
			px[i] = px[i%4]
		}
		px[rng.IntN(64)] ^= 1 << (b % 8)
	})
	pictures["opposite channels"] = blocks(func(b int, px []byte) {
		for i := range 16 {
			v := rng.IntN(256)
			px[i*4], px[i*4+1], px[i*4+2] = byte(v), byte(255-v), byte(b)
		}
	})
	return pictures
}

// agree fails unless all ways from pixels to blocks give the same bytes and the same tail.
func agree(t *testing.T, pix []byte, f Format, q Quality) []byte {
	t.Helper()
	b, err := NewBuilder(Layout{f, chunkSide}, nil)
	if err != nil {
		t.Fatal(err)
	}
	to := b.areas(0, 0)
	var want []byte
	var wantTail []uint32
	variants := Variants()
	slices.Reverse(variants) // pure Go first
	for i, name := range variants {
		e := newEncoder(name)
		copy(e.pixels(), pix)
		clear(b.buf)
		tail := e.chunk(b.buf, &to, f, q)
		if i == 0 {
			want, wantTail = bytes.Clone(b.buf), tail
			continue
		}
		for n := range tail {
			if tail[n] != wantTail[n] {
				t.Fatalf("%s: tail value %d is %d, in Go %d", name, n, tail[n], wantTail[n])
			}
		}
		for at := range want {
			if b.buf[at] != want[at] {
				at -= (at - HeaderSize) % f.blockBytes()
				size := f.blockBytes()
				t.Fatalf("%s: block at %d is %x, in Go %x", name, at, b.buf[at:][:size],
					want[at:][:size])
			}
		}
	}
	return want
}

func TestEncodePathsAgree(t *testing.T) {
	for name, pix := range hardPictures() {
		t.Run(name, func(t *testing.T) {
			if raceEnabled && name != "any contrast" {
				t.Skip("slow, and one goroutine has no races: the other passes have it")
			}
			qualities := []Quality{Fast, Good, Best}
			if raceEnabled || testing.Short() && name != "any contrast" {
				qualities = qualities[:2] // Best takes a second a picture in Go
			}
			for _, q := range qualities {
				agree(t, pix, BC1, q)
			}
			agree(t, pix, BC3, Good)
		})
	}
}

// A few bytes of fuzz become a chunk: its blocks are those bytes, repeated and shifted.
func FuzzEncodePathsAgree(f *testing.F) {
	f.Add([]byte{0}, uint8(0))
	f.Add([]byte{1, 2, 3, 4, 250, 251, 252, 253}, uint8(1))
	f.Add(bytes.Repeat([]byte{255, 0, 0, 255, 0, 255, 255, 128}, 8), uint8(3))
	f.Fuzz(func(t *testing.T, seed []byte, kind uint8) {
		if len(seed) == 0 {
			return
		}
		pix := make([]byte, chunkBytes)
		for i := range pix {
			pix[i] = seed[(i%1024+i/1024*7)%len(seed)] + byte(i/4096)*(kind>>2)
		}
		agree(t, pix, []Format{BC1, BC3}[kind&1], []Quality{Good, Fast}[kind>>1&1])
	})
}
