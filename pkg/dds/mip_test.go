package dds

import (
	"math"
	"math/rand/v2"
	"testing"
)

// exactLinear is the light of a code.
var exactLinear = func() (light [256]float64) {
	for c := range light {
		light[c] = math.Pow(float64(c)/255, 2.2)
	}
	return light
}()

// exactMips is the mip chain in float64 with nothing rounded between levels: what build is measured
// against.
func exactMips(pix []byte, side int) [][]float64 {
	lin := make([]float64, len(pix))
	for i, v := range pix {
		lin[i] = exactLinear[v]
		if i%4 == 3 {
			lin[i] = float64(v) / 255
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

// mipPictures are chunks that are hard on a mip chain: darkness, where a code value is a tiny step
// of light, and strong contrast.
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

// The levels below a chunk's last keep as close, whatever lies above them.
func TestTailNearExact(t *testing.T) {
	const across = 4
	b := &Builder{layout: Layout{BC1, across * chunkSide}, across: across,
		mosaic: make([]uint32, across*across*tailSide*tailSide*4)}
	var whole [across * across][]byte
	i := 0
	for _, pix := range mipPictures() {
		for range 2 {
			whole[i] = pix
			i++
		}
	}
	rand.New(rand.NewPCG(3, 3)).Shuffle(len(whole),
		func(i, j int) { whole[i], whole[j] = whole[j], whole[i] })
	const side = across * chunkSide
	pix := make([]byte, side*side*4)
	p := newPyramid()
	for i, chunk := range whole {
		copy(p.pix[0], chunk)
		p.build()
		b.placeTail(i/across, i%across, p.tail[:])
		for y := range chunkSide {
			copy(pix[((i/across*chunkSide+y)*side+i%across*chunkSide)*4:],
				chunk[y*chunkSide*4:][:chunkSide*4])
		}
	}
	exact := exactMips(pix, side)
	levels := 0
	for n, pix := range b.tailLevels() {
		compareCodes(t, n, pix, exact[n-1])
		levels++
	}
	if want := 4; levels != want { // 8 px to 1
		t.Errorf("%d levels, want %d", levels, want)
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

// A flat picture stays exactly as it is, and every code value survives the way to linear light and
// back.
func TestToCodeInvertsLinear(t *testing.T) {
	for c, v := range linearOf {
		if got := toCode(v); int(got) != c {
			t.Errorf("code %d comes back as %d", c, got)
		}
	}
}

// The exact mean of many pixels against the same through the tables, before it is rounded to a
// code. For any mean in linear light it is mixtures of two code values that lie farthest out, so
// that trying all pairs, in all shares, bounds the error of every picture and every level.
func TestMixturesNearExact(t *testing.T) {
	const shares = 64
	step := 1
	if testing.Short() {
		step = 5
	}
	for dark := range 256 {
		for bright := dark + 1; bright < 256; bright += step {
			for n := range uint32(shares + 1) {
				share := float64(n) / shares
				want := 255 * math.Pow(exactLinear[dark]*(1-share)+exactLinear[bright]*share, 1/2.2)
				got := toCode((linearOf[dark]*(shares-n) + linearOf[bright]*n) / shares)
				if d := math.Abs(float64(got) - want); d > 0.75 {
					t.Fatalf("%d and %.2f of %d: code %d, exact %.3f", dark, share, bright, got,
						want)
				}
			}
		}
	}
}
