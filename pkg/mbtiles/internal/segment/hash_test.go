package segment

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
)

// The sums of a file are its SHA-256 and what leads to it, and every segment fits them alone; with
// a wrong bit anywhere, in it or in the sums, it does not. This also sees that crypto/sha256 writes
// its state down as it is taken to.
func TestSums(t *testing.T) {
	t.Parallel()
	for _, l := range []dds.Layout{{Format: dds.BC1, Side: 256}, {Format: dds.BC3, Side: 512},
		{Format: dds.BC1, Side: 1024}, {Format: dds.BC3, Side: 2048}, {Format: dds.BC1, Side: 4096}} {
		t.Run(fmt.Sprint(l.Format, l.Side), func(t *testing.T) {
			header := l.Header()
			file := make([]byte, l.Size())
			rand.NewChaCha8([32]byte{byte(l.Side >> 8)}).Read(file[copy(file, header[:]):])
			cut := CutOf(l)
			sums := cut.Hash(file)
			if sums.SHA != sha256.Sum256(file) || len(sums.States) != cut.StatesLen() {
				t.Fatalf("SHA-256 %x, want %x; states %d bytes", sums.SHA, sha256.Sum256(file),
					len(sums.States))
			}
			for n := range cut.Segments {
				off, length := cut.Bounds(n)
				p, data := cut.Piece(1, n), file[off:][:length]
				is := func(s Sums) bool { return p.Is(data, s) }
				if !is(sums) {
					t.Fatalf("segment %d does not fit", n)
				}
				if n > 2 && n < cut.Segments-2 { // like its neighbours
					continue
				}
				for _, at := range []int{0, length / 2, length - 1} {
					data[at] ^= 8
					if is(sums) {
						t.Errorf("segment %d with a wrong bit in byte %d fits", n, at)
					}
					data[at] ^= 8
				}
				wrong := Sums{sums.SHA, bytes.Clone(sums.States)}
				at := max(n-1, 0) * stateSize
				if n == cut.Segments-1 {
					wrong.SHA[5] ^= 1
				} else {
					wrong.States[n*stateSize+31] ^= 128
				}
				if is(wrong) {
					t.Errorf("segment %d fits a wrong hash", n)
				}
				if n > 0 {
					wrong = Sums{sums.SHA, bytes.Clone(sums.States)}
					if wrong.States[at] ^= 1; is(wrong) {
						t.Errorf("segment %d fits after another one", n)
					}
				}
				for _, states := range [][]byte{append(bytes.Clone(sums.States), 0),
					sums.States[:max(len(sums.States)-stateSize, 0)]} {
					if len(states) != len(sums.States) && is(Sums{sums.SHA, states}) {
						t.Errorf("segment %d fits %d bytes of states", n, len(states))
					}
				}
				if p.Is(data[:length-1], sums) {
					t.Errorf("segment %d fits without its last byte", n)
				}
			}
		})
	}
}

// What the hashes of segments cost: nothing beside the SHA-256 that a texture has anyway.
func BenchmarkHash(b *testing.B) {
	l := dds.Layout{Format: dds.BC1, Side: 4096}
	header := l.Header()
	file := make([]byte, l.Size())
	rand.NewChaCha8([32]byte{}).Read(file[copy(file, header[:]):])
	cut := CutOf(l)
	tail := cut.Piece(1, cut.Segments-1)
	off, length := cut.Bounds(cut.Segments - 1)
	sums := cut.Hash(file)
	b.Run("SHA-256 alone", func(b *testing.B) {
		for b.Loop() {
			sha256.Sum256(file)
		}
	})
	b.Run("with states", func(b *testing.B) {
		for b.Loop() {
			cut.Hash(file)
		}
	})
	b.Run("check of the last segment", func(b *testing.B) {
		for b.Loop() {
			if !tail.Is(file[off:][:length], sums) {
				b.Fatal("it does not fit")
			}
		}
	})
}
