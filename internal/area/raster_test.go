package area

import (
	"image"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// A picture that grows evenly from black in the west to white in the east weighs as much, wherever
// it is looked at.
func TestRaster(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 256, 4))
	for i := range img.Pix {
		img.Pix[i] = uint8(i % 256)
	}
	box := tiles.Box{West: 6, South: 46, East: 8, North: 47}
	for _, mercator := range []bool{false, true} {
		r := NewRaster(img, box, mercator)
		for _, z := range []tiles.ZL{7, 12, 16} {
			for _, at := range []orb.Point{{6.01, 46.5}, {7, 46.5}, {7.5, 46.9}, {8, 47},
				{5.99, 46.5}} {
				tz, x, y := tiles.At(at, z+4, "X").Tile()
				c := tiles.Chunk{Z: tz, X: x, Y: y}
				var w Weights
				cover := r.Weigh(c, &w)
				if quick := r.Cover(c); quick != Partly && quick != cover {
					t.Errorf("%s: at a glance %d, by its pixels %d", c, quick, cover)
				}
				f := frameOf(c)
				for i := 0; i < len(w); i += 97 {
					lon, lat := f.lon[i%side], f.lat[i/side]
					want := min(max((lon-6)/2*256-0.5, 0), 255)
					if lon < 6 || lon > 8 || lat < 46 || lat > 47 {
						want = 0
					}
					if math.Abs(float64(w[i])-want) > 1 {
						t.Fatalf("%s pixel %d (%v, %v): weight %d, want %.1f", c, i, lat, lon, w[i],
							want)
					}
				}
			}
		}
	}
}

// Rows are Web Mercator's or parallels.
func TestRasterRows(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1, 2))
	img.Pix[1] = 255 // the south
	box := tiles.Box{West: -10, South: 0, East: 10, North: 80}
	for _, tt := range []struct {
		mercator bool
		middle   float64 // where black and white are equal
	}{{false, 40}, {true, 57.0}} {
		r := NewRaster(img, box, tt.mercator)
		z, x, y := tiles.At(orb.Point{0, tt.middle}, 16, "X").Tile()
		var w Weights
		r.Weigh(tiles.Chunk{Z: z, X: x, Y: y}, &w)
		f := frameOf(tiles.Chunk{Z: z, X: x, Y: y})
		for row, lat := range f.lat {
			if math.Abs(lat-tt.middle) < 0.001 && math.Abs(float64(w[row*side])-127.5) > 2 {
				t.Errorf("mercator %v: at %v the weight is %d", tt.mercator, lat, w[row*side])
			}
		}
	}
}
