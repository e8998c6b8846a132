package catalogue

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Run is N squares beside each other of a grid of 2^Z × 2^Z over the web map, Row and Col counted
// from its north-west corner.
type Run struct{ Row, Col, N uint32 }

// Squares is where textures are, in squares of one size.
type Squares struct {
	Z    tiles.ZL
	Runs []Run // in order
}

// maxSquares and maxRuns bound an area: a catalogue and its page are to stay small.
const (
	maxSquares = 1 << 17
	maxRuns    = 1000
)

// SquaresOf returns where textures are: exact if few squares suffice, in larger squares otherwise.
func SquaresOf(textures iter.Seq[tiles.Texture]) Squares {
	var deepest tiles.ZL
	for t := range textures {
		z, _, _ := t.Tile()
		deepest = max(deepest, z)
	}
	for z := deepest; ; z-- {
		squares := squaresOf(textures, z)
		if squares == nil {
			continue
		}
		if runs := runsOf(squares); len(runs) <= maxRuns || z == 0 {
			return Squares{z, runs}
		}
	}
}

type square struct{ row, col uint32 }

// squaresOf returns the squares at z that textures meet, or nil if they are too many.
func squaresOf(textures iter.Seq[tiles.Texture], z tiles.ZL) map[square]bool {
	squares := map[square]bool{}
	for t := range textures {
		at, x, y := t.Tile()
		side := uint32(1)
		if at > z {
			x, y = x>>(at-z), y>>(at-z)
		} else {
			side <<= z - at
			x, y = x*side, y*side
		}
		if len(squares)+int(side)*int(side) > maxSquares && z > 0 {
			return nil
		}
		for row := y; row < y+side; row++ {
			for col := x; col < x+side; col++ {
				squares[square{row, col}] = true
			}
		}
	}
	return squares
}

func runsOf(squares map[square]bool) []Run {
	sorted := slices.SortedFunc(maps.Keys(squares), func(a, b square) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col))
	})
	var runs []Run
	for _, s := range sorted {
		if n := len(runs); n > 0 && runs[n-1].Row == s.row && runs[n-1].Col+runs[n-1].N == s.col {
			runs[n-1].N++
			continue
		}
		runs = append(runs, Run{s.row, s.col, 1})
	}
	return runs
}

// Geometry is a GeoJSON geometry.
type Geometry struct {
	Type        string           `json:"type"`
	Coordinates orb.MultiPolygon `json:"coordinates"`
}

// Area returns the squares as rectangles that do not overlap: equal runs below each other are one.
func (s Squares) Area() Geometry {
	sorted := slices.Clone(s.Runs)
	slices.SortFunc(sorted, func(a, b Run) int {
		return cmp.Or(cmp.Compare(a.Col, b.Col), cmp.Compare(a.N, b.N), cmp.Compare(a.Row, b.Row))
	})
	var all orb.MultiPolygon
	for i := 0; i < len(sorted); {
		first, rows := sorted[i], uint32(0)
		for ; i < len(sorted) && sorted[i] == (Run{first.Row + rows, first.Col, first.N}); i++ {
			rows++
		}
		all = append(all, orb.Polygon{orb.Bound{
			Min: s.corner(first.Row+rows, first.Col), Max: s.corner(first.Row, first.Col+first.N),
		}.ToRing()})
	}
	return Geometry{"MultiPolygon", all}
}

// corner returns the north-west corner of a square, rounded to a centimetre, so that every
// processor writes the same.
func (s Squares) corner(row, col uint32) orb.Point {
	side := float64(uint32(1) << s.Z)
	round := func(v float64) float64 { return math.Round(v*1e7) / 1e7 }
	lat := math.Atan(math.Sinh(math.Pi*(1-2*float64(row)/side))) * 180 / math.Pi
	return orb.Point{round(float64(col)/side*360 - 180), round(lat)}
}
