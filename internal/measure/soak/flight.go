package soak

import (
	"math/rand/v2"

	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// windowSide is the textures in 3° of latitude, and in 3°/cos φ of longitude, at ZL16 and 45°
	// N.
	windowSide = 48
	// X-Plane asks for 400 to 1,200 textures a burst.
	leastRows, mostRows = 9, 25
)

// flight says what is wanted next. It goes north and south over the world, a window wide, and from
// one lane to another at its ends.
type flight struct {
	world   *World
	rng     *rand.Rand
	row     int // the next to be asked for
	col     int // the window's western edge
	heading int // +1 or -1
}

func newFlight(w *World, rng *rand.Rand) *flight {
	return &flight{world: w, rng: rng, heading: 1, col: rng.IntN(max(1, w.side-windowSide))}
}

// first is the window that X-Plane loads before it shows anything.
func (f *flight) first() []tiles.Texture { return f.rows(min(windowSide, f.world.side)) }

// next is the burst that comes when the aircraft has moved on.
func (f *flight) next() []tiles.Texture {
	return f.rows(leastRows + f.rng.IntN(mostRows-leastRows+1))
}

// rows takes n rows of the window, turning where the world ends.
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
	// It is not asked for in the order of the map.
	f.rng.Shuffle(len(wanted), func(i, j int) { wanted[i], wanted[j] = wanted[j], wanted[i] })
	return wanted
}
