package area

import (
	"image"
	"math"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Raster is the Area of a grey picture stretched over a box: white counts, black does not. Weights
// are interpolated between the centres of its pixels; outside the box they are 0.
type Raster struct {
	box   tiles.Box
	image *image.Gray
	// mercator: rows are evenly spaced in Web Mercator; otherwise in latitude.
	mercator bool
}

var _ Area = (*Raster)(nil)

// NewRaster returns the area of a picture over box, whose rows are evenly spaced in latitude or,
// with mercator, in Web Mercator.
func NewRaster(img *image.Gray, box tiles.Box, mercator bool) *Raster {
	return &Raster{box, img, mercator}
}

// column and row return the position of a point in the picture, in pixels; the centre of the first
// is at 0.
func (r *Raster) column(lon float64) float64 {
	return (lon-r.box.West)/(r.box.East-r.box.West)*float64(r.image.Rect.Dx()) - 0.5
}

func (r *Raster) row(lat float64) float64 {
	v, north, south := lat, r.box.North, r.box.South
	if r.mercator {
		v, north, south = northing(lat), northing(north), northing(south)
	}
	return (north-v)/(north-south)*float64(r.image.Rect.Dy()) - 0.5
}

// northing is Web Mercator's, for a sphere of radius 1.
func northing(lat float64) float64 { return math.Asinh(math.Tan(lat * math.Pi / 180)) }

// Cover implements Area, from the pixels between which the chunk's are interpolated.
func (r *Raster) Cover(c tiles.Chunk) Cover {
	box := boxOf(c)
	if !box.Overlaps(r.box) {
		return Outside
	}
	low, high := uint8(255), uint8(0)
	if box.West < r.box.West || box.East > r.box.East || box.South < r.box.South ||
		box.North > r.box.North {
		low = 0
	}
	within := func(v float64, n int) int { return min(max(int(math.Floor(v)), 0), n-1) }
	for y := within(r.row(box.North), r.image.Rect.Dy()); y <= within(r.row(box.South)+1,
		r.image.Rect.Dy()); y++ {
		for x := within(r.column(box.West), r.image.Rect.Dx()); x <= within(r.column(box.East)+1,
			r.image.Rect.Dx()); x++ {
			v := r.image.Pix[y*r.image.Stride+x]
			low, high = min(low, v), max(high, v)
		}
	}
	switch {
	case high == 0:
		return Outside
	case low == 255:
		return Inside
	}
	return Partly
}

// Weigh implements Area.
func (r *Raster) Weigh(c tiles.Chunk, w *Weights) Cover {
	switch cover := r.Cover(c); cover {
	case Outside, Inside:
		return w.fill(cover)
	}
	f := frameOf(c)
	for row, lat := range f.lat {
		y, dy := math.Modf(r.row(lat) + 1) // from 0 on, so that Modf rounds down
		for col, lon := range f.lon {
			i := row*side + col
			if lat < r.box.South || lat > r.box.North || lon < r.box.West || lon > r.box.East {
				w[i] = 0
				continue
			}
			x, dx := math.Modf(r.column(lon) + 1)
			upper := r.at(x-1, y-1)*(1-dx) + r.at(x, y-1)*dx
			lower := r.at(x-1, y)*(1-dx) + r.at(x, y)*dx
			w[i] = uint8(float64(upper*(1-dy)) + float64(lower*dy) + 0.5)
		}
	}
	return w.cover()
}

func (r *Raster) at(x, y float64) float64 {
	px := min(max(int(x), 0), r.image.Rect.Dx()-1)
	py := min(max(int(y), 0), r.image.Rect.Dy()-1)
	return float64(r.image.Pix[py*r.image.Stride+px])
}
