package soak

import (
	"bytes"
	"crypto/sha256"
	"testing"
)

// A live texture that reads as another does is told from its stand-in.
func TestAnother(t *testing.T) {
	w := &World{}
	const size = 1 << 17
	for v := range w.contents[0] {
		for n := byte(0); len(w.contents[0][v]) < size; n++ {
			sum := sha256.Sum256([]byte{byte(v), n, byte(len(w.contents[0][v]) >> 13)})
			w.contents[0][v] = append(w.contents[0][v], sum[:]...)
		}
	}
	x := w.at(0, 0)
	own, other := w.contents[0][variantAt(x)], w.contents[0][(variantAt(x)+1)%variants]
	const from, to = 1000, 100_000
	for name, c := range map[string]struct {
		got  []byte
		want bool
	}{
		"its own":     {own[from:to], false},
		"another's":   {other[from:to], true},
		"one colour":  {bytes.Repeat([]byte("a colour"), 10_000), false},
		"a few bytes": {other[from:][:1000], false},
		"nobody's":    {append([]byte{^other[from]}, other[from+1:to]...), false},
	} {
		if got := w.another(x, from, c.got); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
