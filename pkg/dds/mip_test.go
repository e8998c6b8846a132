package dds

import (
	"math"
	"math/rand/v2"
	"testing"
)

// exactMips is the mip chain in float64 with nothing rounded between levels: what build is measured against.
func exactMips(pix []byte, side int) [][]float64 {
	lin := make([]float64, len(pix))
	for i, v := range pix {
		lin[i] = float64(v) / 255
		if i%4 != 3 {
			lin[i] = math.Pow(lin[i], 2.2)
		}
	}
	var out [][]float64
	for side > 1 {
		half := make([]float64, len(lin)/4)
		side /= 2
		for i := range half {
			x, y, c := i/4%side, i/4/side, i%4
			at := func(dx, dy int) float64 { return lin[((2*y+dy)*2*side+2*x+dx)*4+c] }
			half[i] = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4
		}
		codes := make([]float64, len(half))
		for i, v := range half {
			if i%4 != 3 {
				v = math.Pow(v, 1/2.2)
			}
			codes[i] = v * 255
		}
		out, lin = append(out, codes), half
	}
	return out
}

// mipPictures are chunks that are hard on a mip chain: darkness, where a code value is a tiny step of light, and strong contrast.
func mipPictures() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	fill := func(f func(x, y, c int) int) []byte {
		pix := make([]byte, chunkBytes)
		for i := range pix {
			pix[i] = byte(f(i/4%chunkSide, i/4/chunkSide, i%4))
		}
		return pix
	}
	return map[string][]byte{
		"noise":       fill(func(int, int, int) int { return rng.IntN(256) }),
		"dark noise":  fill(func(int, int, int) int { return rng.IntN(4) }),
		"one in many": fill(func(x, y, _ int) int { return max(0, 255-256*((x*7+y*31)%64)) }),
		"gradient":    fill(func(x, y, _ int) int { return (x + y) / 2 }),
		"checkers":    fill(func(x, y, _ int) int { return (x + y) & 1 * 255 }),
		"ones":        fill(func(int, int, int) int { return 1 }),
		"zero or one": fill(func(int, int, int) int { return rng.IntN(2) }),
		"flat 77":     fill(func(int, int, int) int { return 77 }),
	}
}

func TestMipsNearExact(t *testing.T) {
	for name, pix := range mipPictures() {
		t.Run(name, func(t *testing.T) {
			p := newPyramid()
			copy(p.pix[0], pix)
			p.build()
			for n, want := range exactMips(pix, chunkSide)[:chunkLevels-1] {
				compareCodes(t, n+1, p.pix[n+1], want)
			}
		})
	}
}

func compareCodes(t *testing.T, level int, got []byte, want []float64) {
	t.Helper()
	for i, v := range got {
		if d := math.Abs(float64(v) - math.Round(want[i])); d > 1 {
			t.Fatalf("level %d, value %d: %d, exact %.3f", level, i, v, want[i])
		}
	}
}

// A flat picture stays exactly as it is, and every code value survives the way to linear light and back.
func TestToCodeInvertsLinear(t *testing.T) {
	for c, v := range linearOf {
		if got := toCode(v); int(got) != c {
			t.Errorf("code %d comes back as %d", c, got)
		}
	}
}

func TestToCodeNearest(t *testing.T) {
	for v := uint32(0); v <= 1<<24; v += 1 + v/5000 {
		exact := 255 * math.Pow(float64(v)/(1<<24), 1/2.2)
		if d := math.Abs(float64(toCode(v)) - exact); d > 0.75 {
			t.Fatalf("linear %d: code %d, exact %.3f", v, toCode(v), exact)
		}
	}
	if got := toCode(1 << 24); got != 255 {
		t.Errorf("full light is code %d", got)
	}
}
