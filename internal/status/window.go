package status

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/mount"
)

// Window is the rectangle that holds every texture which was opened of late, in degrees: what a simulator loads about where it flies. West is greater than East
// when it crosses the antimeridian.
type Window struct {
	West     float64 `json:"west"`
	South    float64 `json:"south"`
	East     float64 `json:"east"`
	North    float64 `json:"north"`
	Textures int     `json:"textures"` // in it that were opened
}

// windowFor is how long an open counts: a row or column of the window is some minutes of flight.
const windowFor = 10 * time.Minute

// wanted notes that somebody has opened texture i. b.mu is held.
func (b *Board) wanted(i int32, a mount.Answer) {
	if a.Errno != 0 {
		return
	}
	x := &b.textures[i]
	if x.opened == 0 {
		b.recent = append(b.recent, i)
	}
	x.opened = max(1, a.Start.Sub(b.began))
}

// window returns the rectangle of what was opened within windowFor before now, nil when nothing was. b.mu is held.
func (b *Board) window(now time.Duration) *Window {
	type span struct{ west, east float64 } // of the world 1 wide
	var columns []span
	north, south := 1.0, 0.0
	b.recent = slices.DeleteFunc(b.recent, func(i int32) bool {
		x := &b.textures[i]
		old := now-x.opened > windowFor
		if old {
			x.opened = 0
		}
		return old
	})
	for _, i := range b.recent {
		x := &b.textures[i]
		side := float64(uint32(1) << (x.zl - 4))
		columns = append(columns, span{float64(x.col) / side, float64(x.col+1) / side})
		north, south = min(north, float64(x.row)/side), max(south, float64(x.row+1)/side)
	}
	if len(columns) == 0 {
		return nil
	}
	// The world is a ring: the window is what the widest gap leaves.
	slices.SortFunc(columns, func(x, y span) int { return cmp.Compare(x.west, y.west) })
	west, east, reached := columns[0].west, 0.0, columns[0].east
	for _, c := range columns {
		reached = max(reached, c.east)
	}
	east = reached
	gap := columns[0].west + 1 - reached
	reached = columns[0].east
	for _, c := range columns[1:] {
		if c.west-reached > gap {
			gap, west, east = c.west-reached, c.west, reached
		}
		reached = max(reached, c.east)
	}
	return &Window{West: 360*west - 180, East: 360*east - 180, North: latitude(north), South: latitude(south), Textures: len(columns)}
}

// latitude is that of a place of the Web Mercator map, 0 at its northern edge and 1 at its southern.
func latitude(y float64) float64 { return math.Atan(math.Sinh(math.Pi*(1-2*y))) * 180 / math.Pi }
