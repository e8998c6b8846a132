package preview

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Textures are the textures to be previewed, in the order of tiles.Texture.Compare.
type Textures interface {
	Len() int
	Texture(i int) tiles.Texture
	Layout(i int) dds.Layout
}

// maxFill is how many levels below its own a texture's larger mips stand in for sharper textures.
const maxFill = 2

// Square is the texture whose preview is shown at a place of the grid.
type Square struct {
	Tile
	Row int // index in Textures
}

// Pyramid plans the previews that are not a texture's own: overviews, and fills below textures next
// to deeper ones.
type Pyramid struct {
	textures Textures
	levels   [][]Square // by Tile zoom, each sorted by Tile.Compare
}

func New(x Textures) *Pyramid {
	p := &Pyramid{textures: x}
	for i := range x.Len() {
		at := TileOf(x.Texture(i))
		for len(p.levels) <= int(at.Z) {
			p.levels = append(p.levels, nil)
		}
		level := p.levels[at.Z]
		if n := len(level); n > 0 && level[n-1].Tile == at {
			if x.Texture(i).Key().Maptype < x.Texture(level[n-1].Row).Key().Maptype {
				level[n-1].Row = i
			}
			continue
		}
		p.levels[at.Z] = append(level, Square{at, i})
	}
	return p
}

// Deepest returns the largest Tile zoom that has textures.
func (p *Pyramid) Deepest() int { return len(p.levels) - 1 }

// Find returns the square at t, if there is a texture.
func (p *Pyramid) Find(t Tile) (Square, bool) {
	if int(t.Z) >= len(p.levels) {
		return Square{}, false
	}
	i, ok := slices.BinarySearchFunc(p.levels[t.Z], t,
		func(s Square, t Tile) int { return s.Tile.Compare(t) })
	if !ok {
		return Square{}, false
	}
	return p.levels[t.Z][i], true
}

// cover returns the nearest Square above t, at most maxFill levels up, whose picture can stand in
// for t.
func (p *Pyramid) cover(t Tile) (Square, bool) {
	for n := uint8(1); n <= maxFill && n <= t.Z; n++ {
		if s, ok := p.Find(t.Up(n)); ok {
			return s, true
		}
	}
	return Square{}, false
}

// Overviews returns the places at zoom z that have no texture but something below them; below are
// the places at z+1.
func (p *Pyramid) Overviews(z int, below []Tile) []Tile {
	var over []Tile
	for _, t := range below {
		over = append(over, t.Up(1))
	}
	if z < p.Deepest() {
		for _, s := range p.levels[z+1] {
			over = append(over, s.Up(1))
		}
	}
	slices.SortFunc(over, Tile.Compare)
	over = slices.Compact(over)
	return slices.DeleteFunc(over, func(t Tile) bool { _, has := p.Find(t); return has })
}

// fill is a set of places at one zoom that a Square stands in for.
type fill struct {
	Square
	places []Tile
}

// fills yields the stand-ins at zoom z for missing textures; over are the places with an overview.
// Only existing mip levels are used: enlarging the small textures of a flight's far sides would
// cost more time and bytes than the textures themselves.
func (p *Pyramid) fills(z int, over []Tile) iter.Seq[fill] {
	return func(yield func(fill) bool) {
		for n := 1; n <= min(maxFill, z); n++ {
			for _, s := range p.levels[z-n] {
				if p.textures.Layout(s.Row).Side < Side<<n {
					continue
				}
				if f := p.fillOf(s, n, over); len(f.places) > 0 && !yield(f) {
					return
				}
			}
		}
	}
}

// fillOf returns the places n levels below s that s must fill.
func (p *Pyramid) fillOf(s Square, n int, over []Tile) fill {
	f := fill{Square: s}
	for i := range uint32(1) << (2 * n) {
		t := Tile{Z: s.Z + uint8(n), X: s.X<<n + i&(1<<n-1), Y: s.Y<<n + i>>n}
		_, own := p.Find(t)
		_, overview := slices.BinarySearchFunc(over, t, Tile.Compare)
		if nearest, _ := p.cover(t); !own && !overview && nearest.Tile == s.Tile {
			f.places = append(f.places, t)
		}
	}
	return f
}

// Level returns the squares at a tile zoom, in order.
func (p *Pyramid) Level(z int) []Square {
	if z < 0 || z >= len(p.levels) {
		return nil
	}
	return p.levels[z]
}

// Describe adds the metadata rows that follow from the previews.
func (p *Pyramid) Describe(rows map[string]string) {
	b := tiles.Box{West: 180, South: tiles.MaxLatitude, East: -180, North: -tiles.MaxLatitude}
	for _, level := range p.levels {
		for _, s := range level {
			box := s.Texture().Box()
			b.West, b.South = min(b.West, box.West), min(b.South, box.South)
			b.East, b.North = max(b.East, box.East), max(b.North, box.North)
		}
	}
	if len(p.levels) == 0 {
		b = tiles.Box{West: -180, South: -tiles.MaxLatitude, East: 180, North: tiles.MaxLatitude}
	}
	deepest := max(0, p.Deepest())
	// The zoom at which everything is about two tiles wide.
	zoom := max(0, min(deepest, int(math.Floor(math.Log2(360/(b.East-b.West))))+1))
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }
	center := b.Center()
	rows["bounds"] = strings.Join([]string{f(b.West), f(b.South), f(b.East), f(b.North)}, ",")
	rows["center"] = strings.Join([]string{f(center.Lon()), f(center.Lat()), strconv.Itoa(zoom)},
		",")
	rows["minzoom"], rows["maxzoom"] = "0", strconv.Itoa(deepest)
}

// Count returns the number of previews: the textures' own, overviews and fills.
func (p *Pyramid) Count() int {
	n := 0
	var over []Tile
	for z := p.Deepest(); z >= 0; z-- {
		over = p.Overviews(z, over)
		n += len(p.levels[z]) + len(over)
		for f := range p.fills(z, over) {
			n += len(f.places)
		}
	}
	return n
}
