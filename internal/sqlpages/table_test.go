package sqlpages

import (
	"bytes"
	"testing"
)

func TestPagesForget(t *testing.T) {
	t.Parallel()
	p := &Table{interior: make(map[uint32][]byte)}
	for i := range uint32(3 * maxInterior) {
		p.keep(i, nil)
		if len(p.interior) > maxInterior {
			t.Fatalf("%d pages are kept", len(p.interior))
		}
	}
}

func TestVarint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		b    []byte
		want int64
		n    int
	}{
		{nil, 0, 0},
		{[]byte{0x80}, 0, 0},
		{[]byte{0x7f, 9}, 127, 1},
		{[]byte{0x81, 0x00}, 128, 2},
		{[]byte{0x82, 0x80, 0x00}, 32768, 3},
		{bytes.Repeat([]byte{0xff}, 8), 0, 0},
		{bytes.Repeat([]byte{0xff}, 9), -1, 9},
		{[]byte{0xc0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x05}, -1<<63 + 5, 9},
	} {
		if got, n := Varint(tt.b); got != tt.want || n != tt.n {
			t.Errorf("% x: %d in %d bytes, want %d in %d", tt.b, got, n, tt.want, tt.n)
		}
	}
}
