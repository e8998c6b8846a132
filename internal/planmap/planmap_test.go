package planmap

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The plans that everything is tried on.
var plans = map[string]func(testing.TB) Map{
	"worked":       worked,
	"antimeridian": antimeridian,
	"one texture":  oneTexture,
	"mixed":        mixed,
	"whole world":  wholeWorld,
}

// worked is the design's 500 NM along 45° N: 22,442 textures of five details.
func worked(t testing.TB) Map {
	return planned(t, "worked", 16, math.Inf(1), orb.Point{0, 45}, orb.Point{11.75, 45})
}

// antimeridian goes from Fiji to Samoa.
func antimeridian(t testing.TB) Map {
	return planned(t, "Fiji–Samoa", 14, 60_000, orb.Point{177.44, -17.75}, orb.Point{-172, -13.83})
}

func planned(t testing.TB, title string, zl tiles.ZL, width float64, points ...orb.Point) Map {
	t.Helper()
	var flown []tiles.PathPoint
	for _, p := range points {
		flown = append(flown, tiles.PathPoint{Point: p})
	}
	path := tiles.NewPath(flown...)
	region := path.Window()
	if !math.IsInf(width, 1) {
		region = path.Corridor(width)
	}
	items, err := tiles.Selection{Regions: tiles.Union{region}, Paths: []*tiles.Path{path},
		Sight: true, ZL: zl, Maptype: "BI"}.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return Map{Title: title, Items: items, Routes: []*tiles.Path{path}, Area: tiles.Outline(region),
		Cells: tiles.Cells(region), Facts: []Fact{{"textures", units.Count(len(items))}}}
}

func oneTexture(testing.TB) Map {
	return Map{Title: "one", Items: []tiles.Item{
		{Texture: tiles.At(orb.Point{7.2, 43.66}, 16, "BI")}}}
}

// hostile is what a file or a user may call things.
const hostile = `<!--<script>alert("1")</script>'&` + "\u2028"

// mixed has zoom levels and maptypes over each other, names that look like markup, and a route
// without textures beside it.
func mixed(t testing.TB) Map {
	m := planned(t, hostile, 16, 10_000, orb.Point{7, 44}, orb.Point{7.5, 44})
	for i, p := range []orb.Point{{7.2, 44}, {7.2, 44}, {7.3, 44.01}} {
		m.Items = append(m.Items,
			tiles.Item{Texture: tiles.At(p, 18, []string{"BI", `<b>"'&`, "BI"}[i])})
	}
	m.Items = append(m.Items,
		tiles.Item{Texture: tiles.At(orb.Point{7.2, 44}, 14, "GO2"), Detail: 2})
	m.Facts = []Fact{{"time", hostile}}
	return m
}

func wholeWorld(t testing.TB) Map {
	everything, err := tiles.ParseBBox("-180,-90,180,90")
	if err != nil {
		t.Fatal(err)
	}
	items, err := tiles.Selection{Regions: tiles.Union{everything}, ZL: 10,
		Maptype: "BI"}.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return Map{Title: "everything", Items: items, Area: tiles.Outline(everything)}
}

func TestJoined(t *testing.T) {
	tests := []struct {
		name  string
		spans []span
		want  span
	}{
		{"one", []span{{0.25, 0.5}}, span{0.25, 0.5}},
		{"two with the gap round the world", []span{{0.5, 0.625}, {0.25, 0.375}},
			span{0.25, 0.625}},
		{"two sides of the antimeridian", []span{{0, 0.0625}, {0.9375, 1}}, span{0.9375, 1.0625}},
		{"across it already", []span{{0.9375, 1.0625}}, span{0.9375, 1.0625}},
		{"on another turn", []span{{1.25, 1.5}, {-0.75, -0.625}}, span{0.25, 0.5}},
		{"one in another", []span{{0.25, 0.75}, {0.375, 0.5}}, span{0.25, 0.75}},
		{"what runs on covers the start", []span{{0.75, 1.25}, {0.125, 0.375}}, span{0.75, 1.375}},
		{"round the world", []span{{0, 0.5}, {0.5, 1}}, span{0, 1}},
		{"more than round the world", []span{{0.25, 1.5}}, span{0, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := joined(test.spans); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestLand(t *testing.T) {
	rings, err := land()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		at   orb.Point
		want bool
	}{
		{"Paris", orb.Point{2.35, 48.86}, true},
		{"Atlantic", orb.Point{-30, 45}, false},
		{"Corsica", orb.Point{9.1, 42.2}, true},
		{"Ligurian Sea", orb.Point{8.5, 43.5}, false},
		{"Caspian Sea", orb.Point{51, 42}, false},
		{"Chukotka, east of the antimeridian", orb.Point{-178, 67}, true},
		{"Chukotka, west of it", orb.Point{178, 68}, true},
		{"Viti Levu", orb.Point{178, -17.8}, true},
		{"Koro Sea", orb.Point{179.9, -18}, false},
		{"South Pole", orb.Point{10, -89}, true},
		{"Antarctica", orb.Point{-170, -84.9}, true},
		{"Sydney", orb.Point{151, -33.8}, true},
	} {
		odd := false
		for _, turn := range []float64{-360, 0, 360} {
			p := orb.Point{test.at[0] + turn, test.at[1]}
			for _, ring := range rings {
				for i := range len(ring) - 1 {
					a, b := ring[i], ring[i+1]
					if (a[1] > p[1]) != (b[1] > p[1]) &&
						p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
						odd = !odd
					}
				}
			}
		}
		if odd != test.want {
			t.Errorf("%s: land is %v, want %v", test.name, odd, test.want)
		}
	}
}

// Every class of a usual plan can be told from every other in both palettes, and pales in order.
func TestPalette(t *testing.T) {
	for _, dark := range []bool{false, true} {
		seen := map[string]string{}
		for zl := tiles.ZL(14); zl <= 19; zl++ {
			last := -1.0
			for k := range uint8(tiles.MaxDetail + 1) {
				c := colour(zl, k, dark)
				if other, taken := seen[hex(c)]; taken {
					t.Errorf("ZL%d k%d has the colour of %s", zl, k, other)
				}
				seen[hex(c)] = "another"
				luma := 0.3*float64(c.R) + 0.6*float64(c.G) + 0.1*float64(c.B)
				if dark {
					luma = -luma
				}
				if k > 0 && luma < last+8 {
					t.Errorf("ZL%d k%d, dark %v: %s is hardly paler than the detail before", zl, k,
						dark, hex(c))
				}
				last = luma
			}
		}
	}
	if c := oklch(1, 0, 0); hex(c) != "#ffffff" {
		t.Errorf("white is %s", hex(c))
	}
	if c := oklch(0.62796, 0.25768, 29.234); hex(c) != "#ff0000" {
		t.Errorf("red is %s", hex(c))
	}
}
