package segment

import (
	"bytes"
	"testing"

	"github.com/xelpack/xelpack/pkg/dds"
)

// Segments of one colour decode to the same bytes when they are remembered, whichever colours and
// shapes there were before.
func TestFlatSegments(t *testing.T) {
	t.Parallel()
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	remembered := 0
	for _, best := range []bool{false, true} {
		p, err := NewPacker(best)
		if err != nil {
			t.Fatal(err)
		}
		for colour := range byte(5) {
			for _, side := range []int{1024, 2048} {
				l := dds.Layout{Format: dds.BC1, Side: side}
				h := l.Header()
				file := append(h[:], bytes.Repeat([]byte{colour, 0x12, colour, 0x12, 0, 0, 0, 0},
					int(l.Size()-dds.HeaderSize)/8)...)
				cut := CutOf(l)
				for n := range cut.Segments {
					off, length := cut.Bounds(n)
					shape, want := cut.Piece(1, n).Shape, file[off:][:length]
					data, codec := p.Append(nil, want, shape)
					s := Stored{codec, data}
					for range 2 {
						got := make([]byte, length)
						if d.flats.fill(s, shape, got) {
							remembered++
						}
						if err := d.Decode(s, shape, got); err != nil || !bytes.Equal(got, want) {
							t.Fatalf("best %v, colour %d, %d px, segment %d of %d bytes: other "+
								"bytes, or %v", best, colour, side, n, len(s.Data), err)
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
	d, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	shape := CutOf(dds.Layout{Format: dds.BC1, Side: 1024}).Piece(1, 0).Shape
	for _, codec := range []int64{Zstd, Blocks, BlocksZstd} {
		for range 2 {
			if d.Decode(Stored{codec, []byte("no such thing")}, shape,
				make([]byte, shape.Bytes())) == nil {
				t.Errorf("codec %d passes", codec)
			}
		}
	}
}
