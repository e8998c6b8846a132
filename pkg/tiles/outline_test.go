package tiles

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// A point is inside an outline where it is inside the region, but for half a kilometre along the
// edge.
func TestOutline(t *testing.T) {
	const points, margin = 150, 0.005 // degrees
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	for i, kind := range trials {
		t.Run(kind.kind, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(5, uint64(i)))
			for range rounds {
				c := kind.make(r)
				outline := Outline(c.region)
				for range points {
					reach := min(c.reach, 84)
					lat := min(max(c.centre.Lat()+reach*(2*r.Float64()-1), -84), 84)
					p := orb.Point{c.centre.Lon() + reach*(2*r.Float64()-1)/math.Cos(radians(lat)),
						lat}
					p[0] = min(max(wrap(p[0]), -179.9), 179.9)
					wide := margin / math.Cos(radians(lat))
					around := Box{p.Lon() - wide, lat - margin, p.Lon() + wide, lat + margin}
					tiny := Box{p.Lon() - 1e-9, lat - 1e-9, p.Lon() + 1e-9, lat + 1e-9}
					want := c.region.Meets(tiny)
					if !want && c.region.Meets(around) || want && !coversCorners(c.region, around) {
						continue // near the edge
					}
					if got := covers(outline, p); got != want {
						t.Fatalf("%s: %v is in the region: %v, in its outline: %v", c.name, p, want,
							got)
					}
				}
			}
		})
	}
}

func coversCorners(r Region, b Box) bool {
	for _, lon := range []float64{b.West, b.East} {
		for _, lat := range []float64{b.South, b.North} {
			if !r.Meets(Box{lon - 1e-9, lat - 1e-9, lon + 1e-9, lat + 1e-9}) {
				return false
			}
		}
	}
	return true
}

// covers adds up how often the rings go round p, on every turn of the world: not 0 is inside.
func covers(outline orb.MultiPolygon, p orb.Point) bool {
	for turn := -720.0; turn <= 720; turn += 360 {
		around := 0.0
		for _, polygon := range outline {
			for _, ring := range polygon {
				for i := range len(ring) - 1 {
					around += angleSeen(orb.Point{p.Lon() + turn, p.Lat()}, ring[i], ring[i+1])
				}
			}
		}
		if math.Abs(around) > math.Pi {
			return true
		}
	}
	return false
}

func TestOutlineOfBoxAcrossTheAntimeridian(t *testing.T) {
	r, err := ParseBBox("170,-10,-170,10")
	if err != nil {
		t.Fatal(err)
	}
	outline := Outline(Union{r})
	if len(outline) != 1 || outline.Bound() != (orb.Bound{Min: orb.Point{170, -10}, Max: orb.Point{190, 10}}) {
		t.Errorf("got %v, want one box from 170 to 190", outline)
	}
	if got := Outline(regionFunc(func(Box) bool { return true })); got != nil {
		t.Errorf("another package's region has the outline %v", got)
	}
}
