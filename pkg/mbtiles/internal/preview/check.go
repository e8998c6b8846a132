package preview

import (
	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Check compares the previews of an archive with those that its textures must have.
type Check struct {
	*Pyramid
	quick   bool
	problem func(texture, format string, args ...any)
	seen    map[Tile]bool
	group   errgroup.Group
}

// NewCheck begins a check by so many workers; a quick one decodes nothing. problem is called by
// several at once.
func NewCheck(p *Pyramid, workers int, quick bool, problem func(texture, format string, args ...any)) *Check {
	c := &Check{Pyramid: p, quick: quick, problem: problem, seen: make(map[Tile]bool)}
	c.group.SetLimit(workers)
	return c
}

func (c *Check) name(t Tile) string {
	if s, ok := c.Find(t); ok {
		return c.textures.Texture(s.Row).Name()
	}
	return ""
}

// Row checks a row of tiles, y in TMS order.
func (c *Check) Row(z, x, y int64, jpeg []byte) error {
	if z < 0 || z > int64(c.Deepest()) || x < 0 || x >= 1<<z || y < 0 || y >= 1<<z {
		c.problem("", "preview %d/%d/%d (TMS) is outside the archive", z, x, y)
		return nil
	}
	t := Tile{Z: uint8(z), X: uint32(x), Y: uint32(tiles.TMS(tiles.ZL(z), y))}
	if c.seen[t] { // and so might all others, for ever
		return sqlite.Corrupt("preview %s exists twice", t)
	}
	c.seen[t] = true
	if !c.quick {
		c.group.Go(func() error {
			if _, err := Decode(jpeg); err != nil {
				c.problem(c.name(t), "preview %s: %v", t, err)
			}
			return nil
		})
	}
	return nil
}

// End waits until all rows are checked.
func (c *Check) End() { _ = c.group.Wait() } // problems are told, and none is an error

// Missing looks for what no row had: the textures' own previews, and overviews if the archive is
// complete.
func (c *Check) Missing(complete bool) {
	var over []Tile
	for z := c.Deepest(); z >= 0 && complete; z-- {
		over = c.Overviews(z, over)
		for _, t := range over {
			if !c.seen[t] {
				c.problem("", "overview %s is missing", t)
			}
		}
	}
	for z := range c.Deepest() + 1 {
		for _, s := range c.Level(z) {
			if !c.seen[s.Tile] {
				c.problem(c.name(s.Tile), "preview %s is missing", s.Tile)
			}
		}
	}
}
