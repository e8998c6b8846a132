package tiles

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

func TestParseBBoxRefuses(t *testing.T) {
	tests := map[string]string{
		"":                  "four numbers",
		"1,2,3":             "four numbers",
		"1,2,3,4,5":         "four numbers",
		"a,2,3,4":           "west",
		"1,,3,4":            "south",
		"1,2,NaN,4":         "east",
		"1,2,3,Inf":         "out of range",
		"-181,2,3,4":        "out of range",
		"1,-91,3,4":         "out of range",
		"1,4,3,2":           "not below north",
		"1,2,3,2":           "not below north",
		"3,2,3,4":           "empty",
		"48.1,5.2,48.9,5.2": "not below north",
	}
	for bbox, want := range tests {
		t.Run(bbox, func(t *testing.T) {
			if _, err := ParseBBox(bbox); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error that says %q", err, want)
			}
		})
	}
}

func TestAntimeridian(t *testing.T) {
	across, err := ParseBBox("179,-18,-179,-16")
	if err != nil {
		t.Fatal(err)
	}
	polygon := Polygons(orb.MultiPolygon{
		{{{179, -18}, {-179, -18}, {-179, -16}, {179, -16}, {179, -18}}}})
	line := NewPath(PathPoint{Point: orb.Point{179.5, -17}},
		PathPoint{Point: orb.Point{-179.5, -17}}).Corridor(20_000)
	for name, r := range map[string]Region{"bbox": across, "polygon": polygon, "corridor": line} {
		t.Run(name, func(t *testing.T) {
			got, err := Grid(t.Context(), r, 14, "BI")
			if err != nil {
				t.Fatal(err)
			}
			cols := map[uint32]bool{}
			for _, tex := range got {
				cols[tex.Col] = true
			}
			if !cols[0] || !cols[1<<14-16] {
				t.Errorf("columns %v do not touch both sides of the antimeridian", cols)
			}
			if cols[1<<13] {
				t.Error("the selection reaches Greenwich")
			}
		})
	}
}

func TestPolygonHole(t *testing.T) {
	outer := orb.Ring{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}
	hole := orb.Ring{{2, 2}, {2, 8}, {8, 8}, {8, 2}, {2, 2}}
	r := Polygons(orb.MultiPolygon{{outer, hole}})
	tests := map[string]struct {
		box  Box
		want bool
	}{
		"in the hole":              {Box{4, 4, 5, 5}, false},
		"across the hole's edge":   {Box{1.5, 4, 2.5, 5}, true},
		"inside":                   {Box{0.5, 0.5, 1, 1}, true},
		"outside":                  {Box{20, 4, 21, 5}, false},
		"round the whole":          {Box{-20, -20, 20, 20}, true},
		"sharing an edge only":     {Box{10, 4, 11, 5}, false},
		"the world":                {Box{-180, -85, 180, 85}, true},
		"same latitudes, far east": {Box{170, 4, 171, 5}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := r.Meets(test.box); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestPolygonHoleAcrossTheAntimeridian(t *testing.T) {
	outer := orb.Ring{{-170, 0}, {170, 0}, {170, 10}, {-170, 10}, {-170, 0}}
	hole := orb.Ring{{178, 2}, {178, 8}, {-178, 8}, {-178, 2}, {178, 2}}
	r := Polygons(orb.MultiPolygon{{outer, hole}})
	for box, want := range map[Box]bool{
		{-179, 4, -178.5, 5}: false,
		{178.5, 4, 179, 5}:   false,
		{172, 4, 173, 5}:     true,
		{-173, 4, -172, 5}:   true,
		{0, 4, 1, 5}:         false,
	} {
		if got := r.Meets(box); got != want {
			t.Errorf("%v: got %v, want %v", box, got, want)
		}
	}
}

// Two areas of one file may overlap: what both cover is covered.
func TestPolygonsOverlap(t *testing.T) {
	r := Polygons(orb.MultiPolygon{
		{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}},
		{{{5, 0}, {15, 0}, {15, 10}, {5, 10}, {5, 0}}},
	})
	for _, west := range []float64{2, 7, 12} {
		if !r.Meets(Box{west, 4, west + 1, 5}) {
			t.Errorf("longitude %v is left out", west)
		}
	}
}

// A route due north or south along a line of the grid once selected every texture on that line,
// from pole to pole.
func TestCorridorAlongAMeridian(t *testing.T) {
	for _, lon := range []float64{-90, -67.5, 0, 11.25, 45, 180} {
		path := NewPath(PathPoint{Point: orb.Point{lon, 0}}, PathPoint{Point: orb.Point{lon, 10}})
		for _, b := range []Box{{lon, 50, lon + 1, 51}, {lon - 1, 50, lon, 51}} {
			if path.Corridor(1000).Meets(b) {
				t.Errorf("the corridor from the equator to 10° N at longitude %v reaches 50° N: %v",
					lon, b)
			}
			if got, want := path.Approach(b).Slant, radians(40)*EarthRadius; math.Abs(
				got-want) > 1 {
				t.Errorf("longitude %v: the path comes within %.0f m of 50° N, want %.0f", lon, got,
					want)
			}
		}
	}
}

func TestPolygonRoundTheWorld(t *testing.T) {
	r := Polygons(orb.MultiPolygon{{{{-180, 50}, {180, 50}, {180, 51}, {-180, 51}, {-180, 50}}}})
	got, err := Grid(t.Context(), r, 8, "BI")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 16 {
		t.Errorf("a band round the world meets %d textures of ZL8, want all 16 of its row",
			len(got))
	}
}

func TestFilterEqualsGrid(t *testing.T) {
	// Every candidate of an area, filtered, is what the descent through the grid finds.
	path := NewPath(PathPoint{Point: orb.Point{6.1, 46.2}}, PathPoint{Point: orb.Point{7.2, 43.6}})
	area, _ := ParseBBox("2,40,12,50")
	all, err := Grid(t.Context(), area, 14, "BI")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]Region{"corridor": path.Corridor(37_040),
		"window": path.Window()} {
		filtered, err := Filter(t.Context(), r, all)
		if err != nil {
			t.Fatal(err)
		}
		grid, err := Grid(t.Context(), r, 14, "BI")
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(filtered, Texture.Compare)
		slices.SortFunc(grid, Texture.Compare)
		if diff := cmp.Diff(grid, filtered); diff != "" {
			t.Errorf("%s: -grid +filter:\n%s", name, diff)
		}
	}
}

// KJFK to EGLL: the great circle's midpoint lies at 52.2° N, not on the rhumb line at 46°.
func TestGreatCircleMidpoint(t *testing.T) {
	p := NewPath(PathPoint{Point: orb.Point{-73.7789, 40.6398}},
		PathPoint{Point: orb.Point{-0.4614, 51.4706}})
	line := p.Points(p.Length() / 2 * 1.0000001)
	mid := line[1]
	if math.Abs(mid.Lat()-52.22) > 0.02 || math.Abs(mid.Lon()+41.31) > 0.02 {
		t.Errorf("midpoint %v, want 52.22 N 41.31 W", mid)
	}
	if !p.Corridor(1000).Meets(At(mid, 16, "BI").Box()) {
		t.Error("the corridor misses its own midpoint")
	}
}
