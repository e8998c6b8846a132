package status

import (
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Window is the rectangle around all recently opened textures, in degrees: what a simulator loads
// around the aircraft. West is greater than East if it crosses the antimeridian.
type Window struct {
	West     float64 `json:"west"`
	South    float64 `json:"south"`
	East     float64 `json:"east"`
	North    float64 `json:"north"`
	Textures int     `json:"textures"` // opened textures in it
}

// windowFor is how long an open counts: a row or column of the window is some minutes of flight.
const windowFor = 10 * time.Minute

// wanted notes that texture i was opened. b.mu is held.
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

// window returns the rectangle of the textures opened within windowFor before now, or nil. b.mu is
// held.
func (b *Board) window(now time.Duration) *Window {
	b.recent = slices.DeleteFunc(b.recent, func(i int32) bool {
		x := &b.textures[i]
		old := now-x.opened > windowFor
		if old {
			x.opened = 0
		}
		return old
	})
	if len(b.recent) == 0 {
		return nil
	}
	boxes := make([]tiles.Box, len(b.recent))
	for k, i := range b.recent {
		boxes[k] = b.texture(i).Box()
	}
	box := planmap.Around(boxes)
	return &Window{West: box.West, South: box.South, East: box.East, North: box.North,
		Textures: len(boxes)}
}
