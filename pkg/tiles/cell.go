package tiles

import (
	"fmt"
	"iter"
	"math"

	"github.com/paulmach/orb"
)

// Cell is a 1°×1° square of the world, named by its south-west corner in whole degrees: {43, 5} is
// +43+005. X-Plane loads whole cells.
type Cell struct{ Lat, Lon int }

// String returns X-Plane's name of the cell's mesh: "+43+005".
func (c Cell) String() string { return fmt.Sprintf("%+03d%+04d", c.Lat, c.Lon) }

// Box returns the cell's square.
func (c Cell) Box() Box {
	west, south := float64(c.Lon), float64(c.Lat)
	return Box{west, south, west + 1, south + 1}
}

// Gap returns how far the cell's near edges are from p, in degrees of latitude: north or south, and
// east or west at the latitude of p.
func (c Cell) Gap(p orb.Point) (lat, lon float64) {
	b := c.Box()
	lat = max(0, b.South-p.Lat(), p.Lat()-b.North)
	middle, half := b.Center().Lon(), (b.East-b.West)/2
	lon = max(0, math.Abs(math.Remainder(p.Lon()-middle, 360))-half)
	return lat, lon * math.Cos(radians(p.Lat()))
}

// Cells yields the cells that the box shares more than an edge with.
func (b Box) Cells() iter.Seq[Cell] {
	return func(yield func(Cell) bool) {
		for lat := int(math.Floor(b.South)); float64(lat) < b.North; lat++ {
			for lon := int(math.Floor(b.West)); float64(lon) < b.East; lon++ {
				if !yield(Cell{lat, lon}) {
					return
				}
			}
		}
	}
}
