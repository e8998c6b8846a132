package soak

import (
	"math/rand/v2"

	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// windowSide is the textures in 3° of latitude, and in 3°/cos φ of longitude, at ZL16 and 45°
	// N.
	windowSide = 48
	// X-Plane asks for 400 to 1,200 textures in a burst.
	leastRows, mostRows = 9, 25
)

// flight chooses the textures to read. It flies north and south over the world, one window wide,
// and changes lanes at the ends.
type flight struct {
	world   *World
	rng     *rand.Rand
	row     int // next row to ask for
	col     int // the window's western edge
	heading int // +1 or -1
}

func newFlight(w *World, rng *rand.Rand) *flight {
	return &flight{world: w, rng: rng, heading: 1, col: rng.IntN(max(1, w.side-windowSide))}
}

// first returns the window that X-Plane loads before it shows anything.
func (f *flight) first() []tiles.Texture { return f.rows(min(windowSide, f.world.side)) }

// next returns the burst that follows when the aircraft has moved on.
func (f *flight) next() []tiles.Texture {
	return f.rows(leastRows + f.rng.IntN(mostRows-leastRows+1))
}

// rows takes n rows of the window, turning at the end of the world.
func (f *flight) rows(n int) []tiles.Texture {
	var wanted []tiles.Texture
	for range n {
		if f.row < 0 || f.row >= f.world.side {
			f.heading = -f.heading
			f.row += f.heading
			f.col = f.rng.IntN(max(1, f.world.side-windowSide))
		}
		for col := f.col; col < min(f.col+windowSide, f.world.side); col++ {
			wanted = append(wanted, f.world.at(f.row, col))
		}
		f.row += f.heading
	}
	// Textures are not asked for in map order.
	f.rng.Shuffle(len(wanted), func(i, j int) { wanted[i], wanted[j] = wanted[j], wanted[i] })
	return wanted
}
