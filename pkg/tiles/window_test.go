package tiles

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// borderPath keeps to whole and half degrees, where cells begin and where they come just within
// reach.
func borderPath(r *rand.Rand) []PathPoint {
	half := func(least, most int) float64 { return float64(2*least+r.IntN(2*(most-least)+1)) / 2 }
	from := orb.Point{half(-180, 179), half(-89, 89)}
	to := from
	switch r.IntN(3) {
	case 0:
		to[1] = half(-89, 89)
	case 1:
		from[1], to = 0, orb.Point{wrap(from[0] + half(-20, 20)), 0}
	}
	return pathOf(from, to)
}

// The cells against brute force, every one within reach of the path and some of the others.
func TestWindowCellsEqualOracle(t *testing.T) {
	kinds := map[string]func(*rand.Rand) []PathPoint{
		"short": shortPath, "huge": hugePath, "grid": gridPath, "standstill": standstill,
		"pole": polarPath, "border": borderPath,
	}
	rounds, most := 60, 1500
	if testing.Short() {
		rounds, most = 5, 300
	}
	for i, name := range slices.Sorted(maps.Keys(kinds)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(9, uint64(i)))
			found, edges := 0, 0
			for range rounds {
				points := kinds[name](r)
				window := NewPath(points...).Window()
				opened := map[Cell]bool{}
				for _, c := range Cells(window) {
					opened[c] = true
				}
				near := []Cell{}
				for lat := -90; lat < 90; lat++ {
					for lon := -180; lon < 180; lon++ {
						c := Cell{lat, lon}
						beside := opened[c]
						for _, dir := range [...]Cell{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
							beside = beside || opened[Cell{lat + dir.Lat,
								int(wrap(float64(lon+dir.Lon)+0.5) - 0.5)}]
						}
						if beside || r.IntN(200) == 0 {
							near = append(near, c)
						}
					}
				}
				r.Shuffle(len(near), func(i, j int) { near[i], near[j] = near[j], near[i] })
				ask := cellOracle(points)
				for _, c := range near[:min(len(near), most)] {
					said := ask(c.Lat, c.Lon)
					if said == inside && !opened[c] || said == outside && opened[c] {
						t.Fatalf("%v: %v is opened: %v, by brute force: %v", points, c, opened[c],
							said == inside)
					}
					if window.Meets(c.Box()) != opened[c] {
						t.Fatalf("%v: the window meets %v: %v, but opens it: %v", points, c,
							!opened[c], opened[c])
					}
					if opened[c] {
						found++
					}
					if said == onEdge {
						edges++
					}
				}
			}
			t.Logf("%d cells, %d on the edge", found, edges)
		})
	}
}

// What comes exactly as near as the window reaches counts, and no longitude is left out round a
// pole.
func TestWindowOfAStandstill(t *testing.T) {
	tests := []struct {
		name string
		at   orb.Point
		// first and last cells; a west beyond -180 is across the antimeridian
		south, north, west, east int
	}{
		{"equator", orb.Point{10, 0}, -3, 2, 7, 12},
		{"exactly 2.5°", orb.Point{10.5, 0.5}, -3, 3, 7, 13},
		{"middle of a cell", orb.Point{10.4, 0.4}, -3, 2, 7, 12},
		{"60° N", orb.Point{10.2, 60.2}, 57, 62, 5, 15},
		{"antimeridian", orb.Point{179.9, -17.3}, -20, -15, 177, 182},
		{"so far north that it is all round", orb.Point{5, 89.3}, 86, 89, -180, 179},
		{"the south pole", orb.Point{0, -90}, -90, -88, -180, 179},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var want []Cell
			for lat := test.south; lat <= test.north; lat++ {
				for lon := test.west; lon <= test.east; lon++ {
					want = append(want, Cell{lat, (lon+540)%360 - 180})
				}
			}
			slices.SortFunc(want, func(a, b Cell) int { return (a.Lat-b.Lat)*1000 + a.Lon - b.Lon })
			if diff := cmp.Diff(want, Cells(NewPath(pathOf(test.at)...).Window())); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Over the pole a flight leaves by the opposite meridian: cells on both sides of it, and all round
// between.
func TestWindowOverThePole(t *testing.T) {
	cells := Cells(NewPath(pathOf(orb.Point{20.5, 85.6}, orb.Point{-159.5, 85.6})...).Window())
	count := map[int]int{}
	for _, c := range cells {
		count[c.Lat]++
	}
	if count[89] != 360 || count[87] != 360 || count[83] == 360 || count[83] == 0 ||
		count[82] != 0 {
		t.Errorf("cells by row: %v", count)
	}
	for _, c := range []Cell{{84, 20}, {84, -160}} {
		if !slices.Contains(cells, c) {
			t.Errorf("%v is left out", c)
		}
	}
}

// Textures that touch one cell and only one: what shares an edge with it does not touch it.
func TestTexturesOfACell(t *testing.T) {
	for _, test := range []struct {
		lat  int
		zl   ZL
		want int
	}{
		{0, 16, 156}, {0, 17, 552}, {43, 16, 221}, {43, 17, 792}, {52, 16, 247}, {52, 17, 912},
		{60, 16, 312}, {60, 17, 1128},
	} {
		cell := Cell{test.lat, 5}
		got, err := Grid(t.Context(), window{boxRegion{cell.Box()}}, test.zl, "BI")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != test.want {
			t.Errorf("%v at ZL%d: %d textures, want %d", cell, test.zl, len(got), test.want)
		}
		for _, texture := range got {
			if !slices.Contains(slices.Collect(texture.Box().Cells()), cell) {
				t.Errorf("%v does not say that it touches %v", texture, cell)
			}
		}
	}
}

func TestCellGap(t *testing.T) {
	cos := func(lat float64) float64 { return math.Cos(lat * math.Pi / 180) }
	for _, test := range []struct {
		name     string
		cell     Cell
		at       orb.Point
		lat, lon float64
	}{
		{"inside", Cell{46, 11}, orb.Point{11.5, 46.5}, 0, 0},
		{"to the south-west", Cell{46, 11}, orb.Point{14.5, 47.3}, 0.3, 2.5 * cos(47.3)},
		{"to the north-east", Cell{46, 11}, orb.Point{10, 45.5}, 0.5, 1 * cos(45.5)},
		{"across the antimeridian", Cell{-18, -180}, orb.Point{178, -17.5}, 0, 2 * cos(17.5)},
		{"and back", Cell{-18, 179}, orb.Point{-178, -17.5}, 0, 2 * cos(17.5)},
	} {
		lat, lon := test.cell.Gap(test.at)
		if math.Abs(lat-test.lat) > 1e-9 || math.Abs(lon-test.lon) > 1e-9 {
			t.Errorf("%s: %v and %v, want %v and %v", test.name, lat, lon, test.lat, test.lon)
		}
	}
	if got := (Cell{-7, 5}).String() + (Cell{43, -120}).String(); got != "-07+005+43-120" {
		t.Errorf("cells are called %s", got)
	}
}
