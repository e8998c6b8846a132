package mbtiles

import (
	"bytes"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Segments of one colour decode to the same bytes when they are remembered, whichever colours and shapes there were before.
func TestFlatSegments(t *testing.T) {
	t.Parallel()
	d, err := newDecoder()
	if err != nil {
		t.Fatal(err)
	}
	remembered := 0
	for _, compression := range []Compression{Fast, Best} {
		e := NewEncoder(compression)
		for colour := range byte(5) {
			for _, side := range []int{1024, 2048} {
				l := dds.Layout{Format: dds.BC1, Side: side}
				h := l.Header()
				file := append(h[:], bytes.Repeat([]byte{colour, 0x12, colour, 0x12, 0, 0, 0, 0}, int(l.Size()-dds.HeaderSize)/8)...)
				content, err := e.Encode(file)
				if err != nil {
					t.Fatal(err)
				}
				for n, s := range content.segments {
					off, length := cutOf(l).segment(n)
					shape, want := cutOf(l).piece(1, n).shape, file[off:][:length]
					for range 2 {
						got := make([]byte, length)
						if d.flats.fill(s, shape, got) {
							remembered++
						}
						if err := d.decode(s, shape, got); err != nil || !bytes.Equal(got, want) {
							t.Fatalf("%v, colour %d, %d px, segment %d of %d bytes: other bytes, or %v", compression, colour, side, n, len(s.data), err)
						}
						clear(got) // what is remembered is nobody's buffer
					}
					if len(d.flats.known) > maxFlats {
						t.Fatalf("%d are remembered, want at most %d", len(d.flats.known), maxFlats)
					}
				}
			}
		}
	}
	if remembered == 0 {
		t.Error("none was remembered")
	}
}

// A short segment that is no good is refused as often as it comes.
func TestFlatDamaged(t *testing.T) {
	t.Parallel()
	d, err := newDecoder()
	if err != nil {
		t.Fatal(err)
	}
	shape := cutOf(dds.Layout{Format: dds.BC1, Side: 1024}).piece(1, 0).shape
	for _, codec := range []int64{codecZstd, codecBlocks, codecBlocksZstd} {
		for range 2 {
			if d.decode(segment{codec, []byte("no such thing")}, shape, make([]byte, shape.Bytes())) == nil {
				t.Errorf("codec %d passes", codec)
			}
		}
	}
}
