package tiles

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// worked is the selection of the design's worked figure: 500 NM of great circle between points at
// 45° N, all that X-Plane loads.
func worked() Selection {
	path := NewPath(pathOf(orb.Point{0, 45}, orb.Point{11.75, 45})...)
	return Selection{Regions: Union{path.Window()}, Paths: []*Path{path}, Sight: true, ZL: 16,
		Maptype: "BI"}
}

func mustPlan(t testing.TB, s Selection) []Item {
	t.Helper()
	items, err := s.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// The figures are those of a brute force over the 120 cells, to the texture.
func TestWorkedFigure(t *testing.T) {
	items := mustPlan(t, worked())
	want := []Count{{16, 0, 584, 149_504}, {16, 1, 484, 30_976}, {16, 2, 975, 15_600},
		{16, 3, 2163, 8_652}, {16, 4, 18_236, 18_236}}
	if diff := cmp.Diff(want, Counts(items)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if cells := len(Cells(worked().Regions)); len(items) != 22_442 || cells != 120 {
		t.Errorf("%d textures of %d cells, want 22,442 of 120", len(items), cells)
	}

	full := worked()
	full.Sight = false
	all := mustPlan(t, full)
	if len(all) != len(items) {
		t.Errorf("full detail has %d textures, by sight %d", len(all), len(items))
	}
	if c := Counts(all); len(c) != 1 || c[0].Chunks != 256*len(all) {
		t.Errorf("full detail: %+v", c)
	}
}

// The order is that of the places where the path comes nearest, found by walking along it.
func TestOrderAlongTheRoute(t *testing.T) {
	points := pathOf(orb.Point{6.1, 46.2}, orb.Point{7.2, 45}, orb.Point{7.2, 43.6})
	path := NewPath(points...)
	items := mustPlan(t, Selection{Regions: Union{path.Corridor(15_000)}, Paths: []*Path{path},
		Sight: true, ZL: 15, Maptype: "BI"})

	const pace = 200.0 // metres
	furthest := 0.0
	for i, it := range items {
		square := newOracleBox(it.Box())
		least, first, flown := math.Inf(1), 0.0, 0.0
		for _, l := range oracleLegs(points) {
			for m := 0.0; m <= l.metres; m += pace {
				if d := square.metres(l.at(m)); d < least {
					least, first = d, flown+m
				}
			}
			flown += l.metres
		}
		// Over the squares that the path crosses it is at distance 0 for a while: 20 km at most.
		if first < furthest-20_000 {
			t.Fatalf("texture %d, %v, is nearest after %.1f km, but one before it after %.1f km", i,
				it, first/1000, furthest/1000)
		}
		furthest = max(furthest, first)
	}
	if d := newOracleBox(items[0].Box()).metres(spotAt(points[0].Point)); d > 15_000 {
		t.Errorf("the plan starts %.0f m from the departure", d)
	}
	if d := newOracleBox(items[len(items)-1].Box()).metres(spotAt(points[2].Point)); d > 15_000 {
		t.Errorf("the plan ends %.0f m from the destination", d)
	}
}

func TestOrderWithoutRoute(t *testing.T) {
	r, _ := ParseBBox("5,43,7,45")
	items := mustPlan(t, Selection{Regions: Union{r}, Sight: true, ZL: 14, Maptype: "BI"})
	if !slices.IsSortedFunc(items, func(a, b Item) int { return a.Compare(b.Texture) }) {
		t.Error("without a route the plan is not in the order of zoom level, row and column")
	}
	for _, it := range items {
		if it.Detail != 0 {
			t.Fatalf("%v: detail %d without a route", it, it.Detail)
		}
	}
}

// Approach against dense sampling of level, climbing and descending legs, over and past squares of
// every size.
func TestApproachEqualsSampling(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	rounds := 400
	if testing.Short() {
		rounds = 40
	}
	for round := range rounds {
		points := shortPath(r)
		for i := range points {
			if i > 0 && round%3 == 0 {
				points[i].Height = points[0].Height // level
			} else if r.IntN(3) > 0 {
				points[i].Height = r.Float64() * 12_000
			}
		}
		box := At(nearBy(r, points[0], 3).Point, ZL(12+r.IntN(5)), "BI").Box()
		square := newOracleBox(box)
		least, pace, flown := math.Inf(1), 0.0, 0.0
		type sample struct{ along, slant float64 }
		var all []sample
		for i, l := range oracleLegs(points) {
			const samples = 3000
			from, to := points[i].Height, points[min(i+1, len(points)-1)].Height
			for n := range samples + 1 {
				part := float64(n) / samples
				slant := math.Hypot(square.metres(l.at(part*l.metres)), from+part*(to-from))
				all = append(all, sample{flown + part*l.metres, slant})
				least = min(least, slant)
			}
			pace = max(pace, math.Hypot(l.metres, to-from)/samples)
			flown += l.metres
		}
		got := NewPath(points...).Approach(box)
		if got.Slant > least+0.5 || got.Slant < least-pace-0.5 {
			t.Fatalf("round %d: %v to %v: slant %.1f m, by sampling %.1f m", round, points, box,
				got.Slant, least)
		}
		// Where it says it is, it is: a sample near by is as far away.
		if !slices.ContainsFunc(all, func(s sample) bool {
			return math.Abs(s.along-got.Along) <= pace+0.5 &&
				math.Abs(s.slant-got.Slant) <= pace+0.5
		}) {
			t.Fatalf("round %d: %v to %v: not %.1f m away after %.0f m", round, points, box,
				got.Slant, got.Along)
		}
	}
}

func TestDetail(t *testing.T) {
	at := orb.Point{7, 44}
	below := At(at, 16, "BI")
	gsd := PixelSize(below.Center().Lat(), 16)
	tests := []struct {
		name   string
		height float64 // over the texture, in pixels of the screen a pixel of the texture
		want   uint8
	}{
		{"on the ground", 0, 0},
		{"just sharp enough", 1.99, 0},
		{"twice as small", 2.01, 1},
		{"four times", 4.01, 2},
		{"eight times", 8.01, 3},
		{"sixteen times", 16.01, 4},
		{"no coarser than 4", 1000, 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, angle := range []float64{0, 0.0006} {
				height := test.height * gsd / DefaultPixelAngle
				if angle > 0 {
					height = test.height * gsd / angle
				}
				path := NewPath(PathPoint{Point: below.Center(), Height: height})
				items := mustPlan(t, Selection{
					Regions: Union{path.Corridor(10)}, Paths: []*Path{
						path}, Sight: true, PixelAngle: angle, ZL: 16, Maptype: "BI",
				})
				if len(items) != 1 || items[0] != (Item{below, test.want}) {
					t.Errorf("pixel angle %v: got %v, want %v at %d", angle, items, below,
						test.want)
				}
			}
		})
	}
}

// The path that comes nearest decides; the paths' order does not.
func TestDetailOfSeveralPaths(t *testing.T) {
	low := NewPath(pathOf(orb.Point{7, 44}, orb.Point{8, 44})...)
	high := NewPath(PathPoint{orb.Point{7, 44}, 12_000}, PathPoint{orb.Point{8, 44}, 12_000})
	for _, paths := range [][]*Path{{low, high}, {high, low}, {NewPath(), low}} {
		for _, it := range mustPlan(t,
			Selection{Regions: Union{low.Corridor(100)}, Paths: paths, Sight: true, ZL: 16,
				Maptype: "BI"}) {
			if it.Detail != 0 {
				t.Errorf("%v lies under the low path, yet has detail %d", it, it.Detail)
			}
		}
	}
}

func TestCandidates(t *testing.T) {
	a := At(orb.Point{7, 44}, 16, "BI")
	spelled := a
	spelled.Maptype = "bi"
	other := At(orb.Point{7, 44}, 16, "GO2")
	sharp := At(orb.Point{7, 44}, 18, "BI")
	far := At(orb.Point{-70, 10}, 16, "BI")
	near, _ := ParseBBox("6.9,43.9,7.1,44.1")
	tests := []struct {
		name      string
		selection Selection
		want      []Item
	}{
		{"every one", Selection{Candidates: []Texture{sharp, a}}, []Item{{a, 0}, {sharp, 0}}},
		{"spelled in two ways", Selection{Candidates: []Texture{spelled, a, a}}, []Item{{a, 0}}},
		{"maptypes side by side", Selection{Candidates: []Texture{other, a}},
			[]Item{{a, 0}, {other, 0}}},
		{"those of the region", Selection{Candidates: []Texture{far, sharp, a},
			Regions: Union{near}}, []Item{{a, 0}, {sharp, 0}}},
		{"a zoom level of the grid is ignored", Selection{Candidates: []Texture{a}, ZL: 99},
			[]Item{{a, 0}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mustPlan(t, test.selection)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNothing(t *testing.T) {
	far, _ := ParseBBox("100,10,101,11")
	arctic, _ := ParseBBox("5,86,6,89")
	for name, s := range map[string]Selection{
		"no candidates": {Candidates: []Texture{}},
		"candidates elsewhere": {Candidates: []Texture{At(orb.Point{7, 44}, 16, "BI")},
			Regions: Union{far}},
		"no region": {ZL: 16, Maptype: "BI"},
		"a path without points": {Regions: Union{NewPath().Window(), NewPath().Corridor(1e6)},
			ZL: 16, Maptype: "BI"},
		"a polygon without points": {Regions: Union{Polygons(orb.MultiPolygon{{}})}, ZL: 16,
			Maptype: "BI"},
		"north of Web Mercator": {Regions: Union{arctic}, ZL: 16, Maptype: "BI"},
		"a corridor of the pole": {Regions: Union{
			NewPath(pathOf(orb.Point{0, 90})...).Corridor(1000)}, ZL: 16, Maptype: "BI"},
		"a window of the poles' ice": {Regions: Union{
			NewPath(pathOf(orb.Point{0, -89})...).Window()}, ZL: 16, Maptype: "BI"},
	} {
		if items, err := s.Plan(t.Context()); !errors.Is(err, ErrNothing) {
			t.Errorf("%s: got %d items and %v, want ErrNothing", name, len(items), err)
		}
	}
}

func TestGridLimit(t *testing.T) {
	world, _ := ParseBBox("-180,-90,180,90")
	if got, err := grid(t.Context(), world, 8, "BI", 256); err != nil || len(got) != 256 {
		t.Errorf("got %d textures and %v, want the world's 256", len(got), err)
	}
	if _, err := grid(t.Context(), world, 9, "BI", 256); err == nil ||
		!strings.Contains(err.Error(), "more than 256 at ZL9: choose a smaller area") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
	if _, err := Grid(t.Context(), world, 40, "BI"); err == nil {
		t.Error("zoom level 40 is accepted")
	}
	if _, err := Grid(t.Context(), world, 16, "ZL"); err == nil {
		t.Error("the masks' maptype is accepted")
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	far, _ := ParseBBox("100,10,101,11")
	candidates := []Texture{At(orb.Point{7, 44}, 16, "BI")}
	for name, s := range map[string]Selection{
		"grid":                   worked(),
		"candidates":             {Candidates: candidates},
		"candidates of a region": {Candidates: candidates, Regions: Union{far}},
	} {
		if _, err := s.Plan(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", name, err)
		}
	}
}

// cancelled after some questions: a search that finds nothing must end as well.
func TestCancelledWhileSearching(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	_, err := Grid(ctx, regionFunc(func(b Box) bool {
		if asked++; asked == 100 {
			cancel()
		}
		return b.East-b.West > 0.1 // squares of the deepest levels meet nothing
	}), 16, "BI")
	if !errors.Is(err, context.Canceled) || asked > 101 {
		t.Errorf("got %v after %d questions, want context.Canceled after 100", err, asked)
	}
}

type regionFunc func(Box) bool

func (f regionFunc) Meets(b Box) bool { return f(b) }

func TestPathPoints(t *testing.T) {
	path := NewPath(pathOf(orb.Point{170, 10}, orb.Point{-170, 20}, orb.Point{-160, 20})...)
	line := path.Points(50_000)
	legs := oracleLegs(pathOf(line...))
	whole := 0.0
	for _, l := range legs {
		if l.metres > 50_001 {
			t.Errorf("a step of %.0f m", l.metres)
		}
		whole += l.metres
	}
	if math.Abs(whole-path.Length()) > 1 {
		t.Errorf("the steps add up to %.0f m, the path is %.0f m long", whole, path.Length())
	}
	if got := NewPath(pathOf(orb.Point{7, 44})...).Points(1000); len(got) != 2 || got[0] != got[1] {
		t.Errorf("a path of one point is drawn as %v", got)
	}
	if got := NewPath(); got.Length() != 0 || got.Points(1000) != nil {
		t.Errorf("a path without points has length %v and is drawn as %v", got.Length(),
			got.Points(1000))
	}
}
