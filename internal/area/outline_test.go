package area

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// star returns a ring round a centre that does not cross itself: its corners go round in order.
func star(r *rand.Rand, at orb.Point, radius float64) orb.Ring {
	var ring orb.Ring
	n := 3 + r.IntN(20)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.8*r.Float64()) / float64(n))
		d := radius * (0.4 + 0.6*r.Float64())
		ring = append(ring, orb.Point{at[0] + d*cos, at[1] + d*sin})
	}
	return append(ring, ring[0])
}

// distance is how far p is from the rings, along the ground, found by brute force.
func distance(mp orb.MultiPolygon, p orb.Point) float64 {
	least := math.Inf(1)
	for _, rings := range mp {
		for _, ring := range rings {
			for i := range len(ring) - 1 {
				const parts = 200
				for n := range parts + 1 {
					t := float64(n) / parts
					q := orb.Point{ring[i][0] + t*(ring[i+1][0]-ring[i][0]),
						ring[i][1] + t*(ring[i+1][1]-ring[i][1])}
					least = min(least, geo.DistanceHaversine(p, q))
				}
			}
		}
	}
	return least
}

// No source outside its outline but for the ramp, and all of it inside: beside another library's
// point in polygon and distances found by brute force.
func TestWeightsBesideOracle(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 15))
			at := orb.Point{r.Float64()*350 - 175, r.Float64()*150 - 75}
			z := tiles.ZL(8 + r.IntN(10))
			size := 360 / float64(uint32(1)<<z) // of a chunk, in longitude
			height := size * math.Cos(at[1]*math.Pi/180)
			mp := orb.MultiPolygon{{star(r, at, size*(0.3+2*r.Float64()))}}
			if seed%3 == 0 { // with a hole
				mp[0] = append(mp[0], star(r, at, size*0.1))
			}
			if seed%4 == 0 { // and another one that overlaps it
				mp = append(mp, orb.Polygon{
					star(r, orb.Point{at[0] + size*0.3, at[1]}, size*(0.3+r.Float64()))})
			}
			ramp := height * metresPerDegree * []float64{0, 0.05, 0.4}[seed%3]
			o, err := NewOutline(mp, Edge{Ramp: ramp})
			if err != nil {
				t.Fatal(err)
			}
			for n := range 9 {
				tx := tiles.At(at, z+4, "X")
				z, x, y := tx.Tile()
				c := tiles.Chunk{Z: z, X: x + uint32(n%3) - 1, Y: y + uint32(n/3) - 1}
				var w Weights
				exact := o.Weigh(c, &w)
				if quick := o.Cover(c); quick != Partly && quick != exact {
					t.Errorf("%s: at a glance %d, by its pixels %d", c, quick, exact)
				}
				f := frameOf(c)
				for range 25 {
					row, col := r.IntN(side), r.IntN(side)
					p := orb.Point{f.lon[col], f.lat[row]}
					got := float64(w[row*side+col])
					inside := planar.MultiPolygonContains(mp, p)
					want := 255.0
					if !inside {
						d := outsideOf(mp, p)
						if want = 0; d < ramp {
							want = 255 * (1 - d/ramp)
						}
					}
					if slack := 6.0; math.Abs(got-want) > slack &&
						(ramp > 0 || distance(mp, p) > 1) {
						t.Errorf("%s at row %d, column %d: weight %v, want %.1f (inside: %v)", c,
							row, col, got, want, inside)
					}
				}
			}
		})
	}
}

// outsideOf is the least distance from any of the polygons, which may overlap.
func outsideOf(mp orb.MultiPolygon, p orb.Point) float64 {
	least := math.Inf(1)
	for i := range mp {
		least = min(least, distance(mp[i:i+1], p))
	}
	return least
}

func rect(w, s, e, n float64) orb.Polygon {
	return orb.Polygon{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}
}

func TestSeams(t *testing.T) {
	chunkAt := func(lon, lat float64) tiles.Chunk {
		z, x, y := tiles.At(orb.Point{lon, lat}, 18, "X").Tile()
		return tiles.Chunk{Z: z, X: x, Y: y}
	}
	for _, tt := range []struct {
		name string
		area Area
		at   orb.Point
		want Cover
	}{
		{"two polygons that share a side",
			Unchecked(orb.MultiPolygon{rect(0, 0, 1, 1), rect(1, 0, 2, 1)}, Edge{Ramp: 1000}),
			orb.Point{1, 0.5}, Inside},
		{"beside their outer side",
			Unchecked(orb.MultiPolygon{rect(0, 0, 1, 1), rect(1, 0, 2, 1)}, Edge{Ramp: 1000}),
			orb.Point{1, 1}, Partly},
		{"two cells", NewCells(map[[2]int]bool{{5, 45}: true, {6, 45}: true}, Edge{Ramp: 1000}),
			orb.Point{6, 45.5}, Inside},
		{"the end of a cell", NewCells(map[[2]int]bool{{5, 45}: true, {6, 45}: true},
			Edge{Ramp: 1000}), orb.Point{7, 45.5}, Partly},
		{"beyond the ramp", NewCells(map[[2]int]bool{{5, 45}: true, {6, 45}: true},
			Edge{Ramp: 1000}), orb.Point{7.1, 45.5}, Outside},
		{"cut at the antimeridian",
			Unchecked(orb.MultiPolygon{rect(179, 0, 180, 1), rect(-180, 0, -179, 1)},
				Edge{Ramp: 1000}), orb.Point{-180, 0.5}, Inside},
		{"the whole world", Unchecked(orb.MultiPolygon{rect(-180, -85.1, 180, 85.1)},
			Edge{Ramp: 1000}), orb.Point{-180, 0.5}, Inside},
		{"a buffer", Unchecked(orb.MultiPolygon{rect(0, 0, 1, 1)}, Edge{Buffer: 3000}),
			orb.Point{1.01, 0.5}, Inside},
		{"a buffer inwards", Unchecked(orb.MultiPolygon{rect(0, 0, 1, 1)}, Edge{Buffer: -3000}),
			orb.Point{0.99, 0.5}, Outside},
		{"both", Both(Unchecked(orb.MultiPolygon{rect(0, 0, 1, 1)}, Edge{}),
			Unchecked(orb.MultiPolygon{rect(0.5, 0, 2, 1)}, Edge{})), orb.Point{0.75, 0.5}, Inside},
		{"not both", Both(Unchecked(orb.MultiPolygon{rect(0, 0, 1, 1)}, Edge{}),
			Unchecked(orb.MultiPolygon{rect(0.5, 0, 2, 1)}, Edge{})), orb.Point{0.25, 0.5},
			Outside},
		{"an edge of both", Both(Unchecked(orb.MultiPolygon{rect(0, 0, 1, 1)}, Edge{}),
			Unchecked(orb.MultiPolygon{rect(0.5, 0, 2, 1)}, Edge{})), orb.Point{0.5, 0.5}, Partly},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var w Weights
			if got := tt.area.Weigh(chunkAt(tt.at[0], tt.at[1]), &w); got != tt.want {
				t.Errorf("cover %d, want %d", got, tt.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		mp   orb.MultiPolygon
		want string
	}{
		{"a square", orb.MultiPolygon{rect(0, 0, 1, 1)}, ""},
		{"the world", orb.MultiPolygon{rect(-180, -85, 180, 85)}, ""},
		{"open", orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}}}}, ""},
		{"nothing", nil, "it has no polygons"},
		{"an empty polygon", orb.MultiPolygon{{}}, "a polygon has no rings"},
		{"a line", orb.MultiPolygon{{{{0, 0}, {1, 0}, {0, 0}}}},
			"a ring has 2 corners (want at least 3)"},
		{"a bow tie", orb.MultiPolygon{{{{6, 46}, {7, 47}, {7, 46}, {6, 47}, {6, 46}}}},
			"its outline crosses itself near 46.5,6.5"},
		{"a hole through the side",
			orb.MultiPolygon{{rect(0, 0, 1, 1)[0], rect(0.4, 0.5, 1.5, 0.6)[0]}},
			"its outline crosses itself near 0.5,1"},
		{"the second", orb.MultiPolygon{rect(0, 0, 1, 1),
			{{{6, 46}, {7, 47}, {7, 46}, {6, 47}, {6, 46}}}},
			"polygon 2: its outline crosses itself near 46.5,6.5"},
		{"across the antimeridian",
			orb.MultiPolygon{{{{170, 0}, {-170, 0}, {-170, 10}, {170, 10}}}},
			"it crosses the antimeridian between 0,170 and 0,-170: cut it in two there, one " +
				"polygon to 180 and one from -180"},
		{"beyond the antimeridian", orb.MultiPolygon{rect(170, 0, 190, 10)},
			"0,190 is not within 180 degrees of longitude and 90 of latitude: " +
				"cut an outline in two at the antimeridian"},
		{"no number", orb.MultiPolygon{{{{math.NaN(), 0}, {1, 0}, {1, 1}}}},
			"0,NaN is not within 180 degrees of longitude and 90 of latitude: " +
				"cut an outline in two at the antimeridian"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := Check(tt.mp); err != nil {
				got = err.Error()
			}
			if got != tt.want && !(tt.name == "a hole through the side" && len(got) > 30 &&
				got[:30] == tt.want[:30]) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
