// Package ahead keeps the textures that are to be made before anybody opens them, in their order,
// and which of them are not to be tried now.
package ahead

import (
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// deferrals are how long a texture that could not be made is left alone; then for the last.
var deferrals = [...]time.Duration{20 * time.Second, 30 * time.Second, 40 * time.Second, time.Minute}

// Course is such an order. The zero value is empty.
type Course struct {
	left  []tiles.Texture
	tried map[tiles.Key]trial
}

// trial is what has come of a texture.
type trial struct {
	failures int       // in a row; 0: it was made
	until    time.Time // if it failed: when it may be tried again
}

// Set puts another order in the place of what is left.
func (c *Course) Set(textures []tiles.Texture) { c.left = textures }

// Next takes the next texture that may be tried now.
func (c *Course) Next(now time.Time) (t tiles.Texture, ok bool) {
	for len(c.left) > 0 {
		t, c.left = c.left[0], c.left[1:]
		if d, tried := c.tried[t.Key()]; !tried || d.failures > 0 && !now.Before(d.until) {
			return t, true
		}
	}
	return t, false
}

// Judge notes that a texture was made whole, or could not be.
func (c *Course) Judge(k tiles.Key, whole bool, now time.Time) {
	if c.tried == nil {
		c.tried = make(map[tiles.Key]trial)
	}
	if whole {
		c.tried[k] = trial{}
		return
	}
	d := c.tried[k]
	d.until = now.Add(deferrals[min(d.failures, len(deferrals)-1)])
	d.failures++
	c.tried[k] = d
}

// Miss notes that an open has not found the texture: it may be tried again, whatever came of it.
func (c *Course) Miss(k tiles.Key) { delete(c.tried, k) }

// Made reports whether the texture was made whole and has not been missed since.
func (c *Course) Made(k tiles.Key) bool {
	d, tried := c.tried[k]
	return tried && d.failures == 0
}
