package mbtiles

import (
	"iter"
	"slices"
)

// maxFill is how many levels below a texture's own its larger mips stand in for sharper textures.
const maxFill = 2

// square is the texture whose preview is shown at a place of the grid.
type square struct {
	tile
	row int // of the index
}

// pyramid plans the previews that are no texture's own: overviews, and fills below textures where others go deeper.
type pyramid struct {
	index  *index
	levels [][]square // by tile zoom, each sorted by tile.compare
}

func newPyramid(x *index) *pyramid {
	p := &pyramid{index: x}
	for i := range x.rows {
		at := tileOf(x.entry(i).Texture)
		for len(p.levels) <= int(at.z) {
			p.levels = append(p.levels, nil)
		}
		level := p.levels[at.z]
		if n := len(level); n > 0 && level[n-1].tile == at {
			if x.folded[x.rows[i].maptype] < x.folded[x.rows[level[n-1].row].maptype] {
				level[n-1].row = i
			}
			continue
		}
		p.levels[at.z] = append(level, square{at, i})
	}
	return p
}

// deepest is the largest tile zoom that has textures.
func (p *pyramid) deepest() int { return len(p.levels) - 1 }

func (p *pyramid) find(t tile) (square, bool) {
	if int(t.z) >= len(p.levels) {
		return square{}, false
	}
	i, ok := slices.BinarySearchFunc(p.levels[t.z], t, func(s square, t tile) int { return s.tile.compare(t) })
	if !ok {
		return square{}, false
	}
	return p.levels[t.z][i], true
}

// cover returns the nearest square above t, maxFill levels up at most, whose picture can stand in for t.
func (p *pyramid) cover(t tile) (square, bool) {
	for n := uint8(1); n <= maxFill && n <= t.z; n++ {
		if s, ok := p.find(t.up(n)); ok {
			return s, true
		}
	}
	return square{}, false
}

// overviews returns the places at zoom z that have no texture but do have something below them; below are those at z+1.
func (p *pyramid) overviews(z int, below []tile) []tile {
	var over []tile
	for _, t := range below {
		over = append(over, t.up(1))
	}
	if z < p.deepest() {
		for _, s := range p.levels[z+1] {
			over = append(over, s.up(1))
		}
	}
	slices.SortFunc(over, tile.compare)
	over = slices.Compact(over)
	return slices.DeleteFunc(over, func(t tile) bool { _, has := p.find(t); return has })
}

// fill is the places at one zoom that a square stands in for.
type fill struct {
	square
	places []tile
}

// fills yields what stands in at zoom z for textures that are not there; over is what has an overview. Only mip levels that exist do: to enlarge the
// small textures of a flight's far sides would cost more time and bytes than the textures themselves.
func (p *pyramid) fills(z int, over []tile) iter.Seq[fill] {
	return func(yield func(fill) bool) {
		for n := 1; n <= min(maxFill, z); n++ {
			for _, s := range p.levels[z-n] {
				if p.index.entry(s.row).Layout.Side < previewSide<<n {
					continue
				}
				if f := p.fillOf(s, n, over); len(f.places) > 0 && !yield(f) {
					return
				}
			}
		}
	}
}

// fillOf returns the places n levels below s that s is to fill.
func (p *pyramid) fillOf(s square, n int, over []tile) fill {
	f := fill{square: s}
	for i := range uint32(1) << (2 * n) {
		t := tile{z: s.z + uint8(n), x: s.x<<n + i&(1<<n-1), y: s.y<<n + i>>n}
		_, own := p.find(t)
		_, overview := slices.BinarySearchFunc(over, t, tile.compare)
		if nearest, _ := p.cover(t); !own && !overview && nearest.tile == s.tile {
			f.places = append(f.places, t)
		}
	}
	return f
}
