package tiles

import (
	"math"
	"math/rand/v2"
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
	polygon := Polygons(orb.MultiPolygon{{{{179, -18}, {-179, -18}, {-179, -16}, {179, -16}, {179, -18}}}})
	line := NewPath(PathPoint{Point: orb.Point{179.5, -17}}, PathPoint{Point: orb.Point{-179.5, -17}}).Corridor(20_000)
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

func TestPolygonRoundTheWorld(t *testing.T) {
	r := Polygons(orb.MultiPolygon{{{{-180, 50}, {180, 50}, {180, 51}, {-180, 51}, {-180, 50}}}})
	got, err := Grid(t.Context(), r, 8, "BI")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 16 {
		t.Errorf("a band round the world meets %d textures of ZL8, want all 16 of its row", len(got))
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
	for name, r := range map[string]Region{"corridor": path.Corridor(37_040), "window": path.Window()} {
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
	p := NewPath(PathPoint{Point: orb.Point{-73.7789, 40.6398}}, PathPoint{Point: orb.Point{-0.4614, 51.4706}})
	line := p.Points(p.Length() / 2 * 1.0000001)
	mid := line[1]
	if math.Abs(mid.Lat()-52.22) > 0.02 || math.Abs(mid.Lon()+41.31) > 0.02 {
		t.Errorf("midpoint %v, want 52.22 N 41.31 W", mid)
	}
	if !p.Corridor(1000).Meets(At(mid, 16, "BI").Box()) {
		t.Error("the corridor misses its own midpoint")
	}
}

// The selection against a brute-force oracle: random paths at random places, every texture near them tested by numbers that share no formula
// with the code (sampled paths, refined; haversines to the clamped point and along the edges).
func TestSelectionEqualsOracle(t *testing.T) {
	rounds := 1000
	if testing.Short() {
		rounds = 30
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		lat := rng.Float64()*160 - 80
		lon := rng.Float64()*360 - 180
		if round%5 == 0 {
			lon = 180 - rng.Float64()
		}
		points := []PathPoint{{Point: orb.Point{lon, lat}}}
		for range rng.IntN(3) {
			next := orb.Point{wrap(lon + rng.Float64()*4 - 2), min(max(lat+rng.Float64()*4-2, -84), 84)}
			points = append(points, PathPoint{Point: next})
		}
		path := NewPath(points...)
		width := 1000 + rng.Float64()*60_000
		corridorOracle := func(b Box) float64 { return oracleDistance(points, b, width) - width }
		checkOracle(t, path.Corridor(width), corridorOracle, points[0].Point, ZL(11+rng.IntN(3)))
		if t.Failed() {
			t.Fatalf("round %d: points %v width %v", round, points, width)
		}
	}
}

func wrap(lon float64) float64 { return math.Remainder(lon, 360) }

// checkOracle compares r with the oracle (metres beyond the region's edge, negative inside) on every texture of some 6° round p.
func checkOracle(t *testing.T, r Region, oracle func(Box) float64, p orb.Point, zl ZL) {
	t.Helper()
	grid, err := Grid(t.Context(), r, zl, "BI")
	if err != nil {
		t.Fatal(err)
	}
	selected := map[Texture]bool{}
	for _, tex := range grid {
		selected[tex] = true
	}
	side := uint32(1) << zl
	centre := At(p, zl, "BI")
	reach := uint32(6.0/360*float64(side)/math.Cos(radians(min(math.Abs(p.Lat())+4, 84))))&^15 + 16
	for dr := -int64(reach); dr <= int64(reach); dr += 16 {
		for dc := -int64(reach); dc <= int64(reach); dc += 16 {
			row := int64(centre.Row) + dr
			if row < 0 || row >= int64(side) {
				continue
			}
			tex := Texture{uint32(row), uint32(int64(centre.Col)+dc+int64(side)) % side, zl, "BI"}
			beyond := oracle(tex.Box())
			if beyond < -1 && !selected[tex] {
				t.Errorf("%v is missing: %.1f m inside", tex, -beyond)
			}
			if beyond > 1 && selected[tex] {
				t.Errorf("%v is one too many: %.1f m outside", tex, beyond)
			}
		}
	}
}

func haversine(a, b orb.Point) float64 {
	dLat, dLon := radians(b.Lat()-a.Lat())/2, radians(b.Lon()-a.Lon())/2
	h := math.Pow(math.Sin(dLat), 2) + math.Cos(radians(a.Lat()))*math.Cos(radians(b.Lat()))*math.Pow(math.Sin(dLon), 2)
	return 2 * EarthRadius * math.Asin(math.Sqrt(min(h, 1)))
}

// oracleToBox is the distance from p to the nearest point of b, sought along each of its edges.
func oracleToBox(p orb.Point, b Box) float64 {
	lon := p.Lon()
	for _, shifted := range []float64{lon, lon - 360, lon + 360} {
		if shifted >= b.West && shifted <= b.East {
			lon = shifted
			if p.Lat() >= b.South && p.Lat() <= b.North {
				return 0
			}
		}
	}
	best := math.Inf(1)
	along := func(f func(float64) orb.Point, low, high float64) {
		best = min(best, minimum(func(x float64) float64 { return haversine(p, f(x)) }, low, high))
	}
	along(func(x float64) orb.Point { return orb.Point{x, b.South} }, b.West, b.East)
	along(func(x float64) orb.Point { return orb.Point{x, b.North} }, b.West, b.East)
	along(func(y float64) orb.Point { return orb.Point{b.West, y} }, b.South, b.North)
	along(func(y float64) orb.Point { return orb.Point{b.East, y} }, b.South, b.North)
	return best
}

// minimum seeks the least value of a function with one valley.
func minimum(f func(float64) float64, low, high float64) float64 {
	for range 28 {
		a, b := low+(high-low)/3, high-(high-low)/3
		if f(a) < f(b) {
			high = b
		} else {
			low = a
		}
	}
	return f((low + high) / 2)
}

// oracleDistance is the distance from the path to b in metres; where that is certainly below or above width, any figure on the same side.
func oracleDistance(points []PathPoint, b Box, width float64) float64 {
	best := math.Inf(1)
	diagonal := haversine(orb.Point{b.West, b.South}, orb.Point{b.East, b.North})
	for i := range points {
		from, to := points[max(i, 1)-1].Point, points[i].Point
		const samples = 20
		sampled := math.Inf(1)
		for f := range samples + 1 {
			sampled = min(sampled, haversine(between(from, to, float64(f)/samples), b.Center()))
		}
		atLeast := sampled - diagonal - haversine(from, to)/samples
		if sampled < width-2 || atLeast > width+2 {
			best = min(best, max(atLeast, 0)) // on the right side of width either way
			continue
		}
		best = min(best, minimum(func(f float64) float64 { return oracleToBox(between(from, to, f), b) }, 0, 1))
	}
	return best
}

// between interpolates on the great circle by the sines of the angles (the textbook's slerp).
func between(a, b orb.Point, f float64) orb.Point {
	angle := haversine(a, b) / EarthRadius
	if angle == 0 {
		return a
	}
	wa, wb := math.Sin((1-f)*angle)/math.Sin(angle), math.Sin(f*angle)/math.Sin(angle)
	va, vb := toVec(a), toVec(b)
	return vec{wa*va.x + wb*vb.x, wa*va.y + wb*vb.y, wa*va.z + wb*vb.z}.point()
}
