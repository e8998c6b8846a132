package pack

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"
)

// reference is the textbook's Catmull-Rom interpolation in floating point, one output pixel at a
// time.
func reference(parent *image.NRGBA, up uint, x, y uint32, i, j, ch int) float64 {
	scale := float64(int(1) << up)
	width := float64(chunkPixels) / scale
	at := func(start, k int) (int, [4]float64) {
		pos := float64(start)*width + (float64(k)+0.5)/scale - 0.5
		left := math.Floor(pos)
		t := pos - left
		return int(left) - 1, [4]float64{
			(-t*t*t + 2*t*t - t) / 2, (3*t*t*t - 5*t*t + 2) / 2, (-3*t*t*t + 4*t*t +
				t) / 2, (t*t*t - t*t) / 2,
		}
	}
	px, wx := at(int(x), i)
	py, wy := at(int(y), j)
	sum := 0.0
	for b := range 4 {
		for a := range 4 {
			cx, cy := min(max(px+a, 0), 255), min(max(py+b, 0), 255)
			sum += wx[a] * wy[b] * float64(parent.Pix[cy*parent.Stride+cx*4+ch])
		}
	}
	return min(max(sum, 0), 255)
}

func noise(seed uint64) *image.NRGBA {
	rng := rand.New(rand.NewPCG(seed, 1))
	img := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	for i := range img.Pix {
		img.Pix[i] = byte(rng.Uint32())
	}
	return img
}

func TestEnlargeEqualsReference(t *testing.T) {
	parent := noise(1)
	for up := uint(1); up <= ParentLevels; up++ {
		last := uint32(1)<<up - 1
		for _, piece := range [][2]uint32{{0, 0}, {last, 0}, {last / 2, last}, {last, last}} {
			got := enlarge(parent, up, piece[0], piece[1])
			for _, at := range [][2]int{{0, 0}, {255, 0}, {1, 254}, {128, 127}, {255, 255},
				{63, 64}} {
				for ch := range 3 {
					want := reference(parent, up, piece[0], piece[1], at[0], at[1], ch)
					if g := float64(got.Pix[at[1]*got.Stride+at[0]*4+ch]); math.Abs(g-want) > 0.51 {
						t.Errorf("up %d piece %v pixel %v channel %d: got %v, want %.2f", up, piece,
							at, ch, g, want)
					}
				}
			}
			if got.NRGBAAt(7, 7).A != 255 {
				t.Error("an enlarged chunk must be opaque")
			}
		}
	}
}

// What a parent shows in one colour stays that colour, exactly.
func TestEnlargeFlat(t *testing.T) {
	for _, c := range []color.NRGBA{{0, 0, 0, 255}, {255, 255, 255, 255}, {66, 77, 55, 255}} {
		parent := image.NewNRGBA(image.Rect(0, 0, 256, 256))
		for y := range 256 {
			for x := range 256 {
				parent.SetNRGBA(x, y, c)
			}
		}
		for up := uint(1); up <= ParentLevels; up++ {
			img := enlarge(parent, up, 0, 1)
			for y := range 256 {
				for x := range 256 {
					if got := img.NRGBAAt(x, y); got != c {
						t.Fatalf("up %d at %d,%d: got %v, want %v", up, x, y, got, c)
					}
				}
			}
		}
	}
}

// Pieces of one parent meet without a seam: across a border the step is no larger than inside, on a
// smooth picture.
func TestEnlargeHasNoSeams(t *testing.T) {
	parent := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			v := uint8(127 + 100*math.Sin(float64(x)/9))
			parent.SetNRGBA(x, y, color.NRGBA{v, v, v, 255})
		}
	}
	const up = 3
	left, right := enlarge(parent, up, 3, 2), enlarge(parent, up, 4, 2)
	for y := range 256 {
		inside := math.Abs(float64(left.NRGBAAt(255, y).R) - float64(left.NRGBAAt(254, y).R))
		across := math.Abs(float64(left.NRGBAAt(255, y).R) - float64(right.NRGBAAt(0, y).R))
		if across > inside+2 {
			t.Fatalf("row %d: a step of %v across the border, %v inside", y, across, inside)
		}
	}
}

func BenchmarkEnlarge(b *testing.B) {
	parent := noise(2)
	for b.Loop() {
		enlarge(parent, 2, 1, 1)
	}
}
