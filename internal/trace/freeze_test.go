package trace

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// A flight from Vienna to Lisbon on 17 March 2026, as far as it was recorded: where the aircraft
// was when the first texture of a cell was missed. At the third X-Plane stood still for 20 seconds:
// a window of 2° round the aircraft ended in the middle of the cell that it loaded.
var (
	vienna, lisbon = orb.Point{16.57, 48.11}, orb.Point{-9.13, 38.77}
	recorded       = []struct {
		time string
		cell tiles.Cell
		at   orb.Point
	}{
		{"20:00:01", tiles.Cell{Lat: 47, Lon: 14}, orb.Point{15.6, 47.5}},
		{"20:01:20", tiles.Cell{Lat: 46, Lon: 12}, orb.Point{15.4, 47.5}},
		{"20:06:59", tiles.Cell{Lat: 46, Lon: 11}, orb.Point{14.5, 47.3}},
		{"20:11:40", tiles.Cell{Lat: 47, Lon: 10}, orb.Point{13.7, 47.1}},
		{"20:17:49", tiles.Cell{Lat: 45, Lon: 9}, orb.Point{12.5, 46.9}},
	}
	freeze = recorded[2]
)

func pathThrough(points ...orb.Point) *tiles.Path {
	var flown []tiles.PathPoint
	for _, p := range points {
		flown = append(flown, tiles.PathPoint{Point: p})
	}
	return tiles.NewPath(flown...)
}

// texturesOf returns every texture of ZL16 that touches c.
func texturesOf(t *testing.T, c tiles.Cell) []tiles.Texture {
	t.Helper()
	b := c.Box()
	var all []tiles.Texture
	north, south := tiles.At(orb.Point{b.West, b.North}, 16,
		"BI"), tiles.At(orb.Point{b.West, b.South}, 16, "BI")
	for row := north.Row; row <= south.Row; row += 16 {
		for col := north.Col; ; col += 16 {
			texture := tiles.Texture{Row: row, Col: col, ZL: 16, Maptype: "BI"}
			if !texture.Box().Overlaps(b) {
				break
			}
			all = append(all, texture)
		}
	}
	return all
}

// planned returns the textures that a plan of the flight has.
func planned(t *testing.T, path *tiles.Path) map[tiles.Texture]bool {
	t.Helper()
	items, err := tiles.Selection{Regions: tiles.Union{path.Window()}, Paths: []*tiles.Path{path},
		Sight: true, ZL: 16, Maptype: "BI"}.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[tiles.Texture]bool, len(items))
	for _, it := range items {
		all[it.Texture] = true
	}
	return all
}

// narrow says whether the window that plans once had, 2° round every point of the path, reaches a
// texture.
func narrow(path *tiles.Path) func(tiles.Texture) bool {
	const degrees = 2
	line := path.Points(1000)
	return func(t tiles.Texture) bool {
		b := t.Box()
		return slices.ContainsFunc(line, func(p orb.Point) bool {
			wide := degrees / math.Cos(p.Lat()*math.Pi/180)
			return b.Overlaps(tiles.Box{West: p.Lon() - wide, South: p.Lat() - degrees,
				East: p.Lon() + wide, North: p.Lat() + degrees})
		})
	}
}

// Every cell that was recorded is in the plan of what had been flown until then, all of it; the
// window of 2° lacks a part of the one that made X-Plane stand still.
func TestPlanHoldsTheCellsOfTheFreeze(t *testing.T) {
	flown := []orb.Point{vienna}
	for i, r := range recorded {
		flown = append(flown, r.at)
		lat, lon := r.cell.Gap(r.at)
		if near := max(lat, lon); near > synthMost || i > 0 && near < synthLeast {
			t.Errorf("%s: %v was loaded from %.2f° away; the model says %v to %v", r.time, r.cell,
				near, synthLeast, synthMost)
		}
		path := pathThrough(flown...)
		plan, reached := planned(t, path), narrow(path)
		beyond := 0
		for _, texture := range texturesOf(t, r.cell) {
			if !plan[texture] {
				t.Errorf("%s: %v of %v is not in the plan", r.time, texture, r.cell)
			}
			if !reached(texture) {
				beyond++
			}
		}
		t.Logf("%s: %v from %.2f°: %d of %d textures beyond 2°", r.time, r.cell, max(lat, lon),
			beyond, len(texturesOf(t, r.cell)))
		if r == freeze && beyond == 0 {
			t.Errorf("%s: a window of 2° holds all of %v: then why did X-Plane stand still?",
				r.time, r.cell)
		}
	}
}

// The whole flight, loaded as X-Plane does whatever distances are drawn: what is asked for is
// planned, all textures of the cells that are loaded.
func TestPlanHoldsAllThatTheFlightLoads(t *testing.T) {
	points := []orb.Point{vienna}
	for _, r := range recorded {
		points = append(points, r.at)
	}
	path := pathThrough(append(points, lisbon)...)
	plan, reached := planned(t, path), narrow(path)
	all, err := tiles.Grid(t.Context(), window(t, "-16,32,24,55"), 16, "BI")
	if err != nil {
		t.Fatal(err)
	}
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	beyond := map[tiles.Texture]bool{}
	for seed := range seeds {
		s := Synth{Path: path, Textures: all, Speed: 220, Seed: seed}
		asked, cells := map[tiles.Texture]bool{}, map[tiles.Cell]bool{}
		for e := range s.Events() {
			if e.Op == OpOpen {
				asked[e.Texture] = true
			}
		}
		for texture := range asked {
			if !plan[texture] {
				t.Fatalf("seed %d: %v is asked for, but not planned", seed, texture)
			}
		}
		for l := range s.loads() {
			for _, c := range l.cells {
				cells[c] = true
				if lat, lon := c.Gap(l.place); max(lat, lon) > synthMost || l.at > 0 &&
					max(lat, lon) < synthLeast-0.05 {
					t.Fatalf("seed %d: %v is loaded from %.2f° away", seed, c, max(lat, lon))
				}
				for _, texture := range texturesOf(t, c) {
					if !asked[texture] {
						t.Fatalf("seed %d: %v of %v, which is loaded, is not asked for", seed,
							texture, c)
					}
				}
			}
		}
		for _, r := range recorded {
			if !cells[r.cell] {
				t.Errorf("seed %d: %v, which was loaded on the day, is not", seed, r.cell)
			}
		}
		for texture := range asked {
			if !beyond[texture] && !reached(texture) {
				beyond[texture] = true
			}
		}
	}
	t.Logf("%d textures planned, %d of those asked for are beyond 2°", len(plan), len(beyond))
	if len(beyond) == 0 {
		t.Error("the window of 2° holds all that is loaded: nothing is shown")
	}
}

func window(t *testing.T, bbox string) tiles.Region {
	t.Helper()
	r, err := tiles.ParseBBox(bbox)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
