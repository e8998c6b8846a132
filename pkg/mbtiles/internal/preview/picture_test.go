package preview

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An enlarged part is smooth, and meets its neighbours.
func TestCrop(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 256, 256))
	for y := range 256 {
		for x := range 256 {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), 7, 255})
		}
	}
	for _, parts := range []int{1, 2, 4} {
		for y := range parts {
			for x := range parts {
				got := crop(img, parts, x, y)
				for _, p := range []image.Point{{0, 0}, {1, 2}, {100, 50}, {255, 255}} {
					// Where the centre of the pixel lies in img, cut off at its outermost centres.
					at := func(i, n int) int {
						v := (float64(n*256+i)+0.5)/float64(parts) - 0.5
						return int(math.Round(min(max(v, 0), 255)))
					}
					want := color.RGBA{uint8(at(p.X, x)), uint8(at(p.Y, y)), 7, 255}
					if diff := cmp.Diff(want, got.RGBAAt(p.X, p.Y)); diff != "" {
						t.Errorf("%d parts, %d,%d at %v (-want +got):\n%s", parts, x, y, p, diff)
					}
				}
			}
		}
	}
}
