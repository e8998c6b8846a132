package pack

import (
	"context"
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// whatAsked notes each chunk that a source is asked for.
type whatAsked struct {
	fetch.Source
	mu    sync.Mutex
	asked []tiles.Chunk
}

func (s *whatAsked) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	s.mu.Lock()
	s.asked = append(s.asked, c)
	s.mu.Unlock()
	return s.Source.Fetch(ctx, c)
}

// away is how far a point lies outside a ring in metres, found by brute force; 0 inside.
func away(ring orb.Ring, at orb.Point) float64 {
	if planar.RingContains(ring, at) {
		return 0
	}
	least := math.Inf(1)
	for i := range len(ring) - 1 {
		const parts = 100
		for n := range parts + 1 {
			f := float64(n) / parts
			least = min(least, geo.DistanceHaversine(at, orb.Point{
				ring[i][0] + f*(ring[i+1][0]-ring[i][0]), ring[i][1] + f*(ring[i+1][1]-ring[i][1])}))
		}
	}
	return least
}

// TestNoSourceOutsideItsOutline: no pixel of a texture shows anything of a source farther outside
// its outline than the ramp, or where the source has nothing; inside it shows nothing else. Nor is
// a source asked for a chunk that lies beyond. Outlines and gaps are random; the oracle is another
// library's point in polygon.
func TestNoSourceOutsideItsOutline(t *testing.T) {
	box := home.Box()
	width, height := box.East-box.West, box.North-box.South
	metres := geo.DistanceHaversine(orb.Point{box.West, box.South}, orb.Point{box.West, box.North})
	seeds := uint64(8)
	if testing.Short() {
		seeds = 2 // races are those of TestLayers
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 157))
			ramp := []float64{0, 0.02, 0.1, 0.3}[seed%4] * metres
			var ring orb.Ring
			corners := 3 + r.IntN(9)
			for i := range corners {
				sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.8*r.Float64()) / float64(corners))
				d := 0.2 + 0.4*r.Float64()
				ring = append(ring, orb.Point{box.West + width*(0.5+d*cos), box.South + height*(0.5+d*sin)})
			}
			ring = append(ring, ring[0])
			outline, err := area.NewOutline(orb.MultiPolygon{{ring}}, area.Edge{Ramp: ramp})
			if err != nil {
				t.Fatal(err)
			}
			gap := home.Chunk(r.IntN(2), r.IntN(2)) // and all above it
			upper := &whatAsked{Source: &plainSource{colour: red, answer: func(c tiles.Chunk) error {
				if c == gap || c.Z < gap.Z {
					return fetch.ErrNoImagery
				}
				return nil
			}}}
			b, img := built(t, Options{Layers: []Layer{
				{ID: "upper", Source: upper, MaxZL: 22, Area: outline},
				{ID: "lower", Source: &plainSource{colour: blue}, MaxZL: 22},
			}})
			if b.Failed+b.Missing > 0 {
				t.Fatalf("%+v", b.Tally)
			}
			side := home.Side()
			at := func(x, y float64) orb.Point { // of a pixel
				return orb.Point{box.West + x/float64(side)*width, box.North - y/float64(side)*height}
			}
			pixel := metres / float64(side)
			for range 200 {
				x, y := r.IntN(side), r.IntN(side)
				d := away(ring, at(float64(x)+0.5, float64(y)+0.5))
				inGap := home.Chunk(y/chunkPixels, x/chunkPixels) == gap
				var want color.NRGBA
				switch { // four pixels share the colours of a block, and the box is linear in latitude
				case inGap || d > ramp+6*pixel:
					want = blue
				case d == 0 && away(ring, at(float64(x)+6.5, float64(y)+0.5)) == 0 && away(ring, at(float64(x)-5.5, float64(y)+0.5)) == 0 &&
					away(ring, at(float64(x)+0.5, float64(y)+6.5)) == 0 && away(ring, at(float64(x)+0.5, float64(y)-5.5)) == 0:
					want = red
				default:
					continue
				}
				if got := img.NRGBAAt(x, y); !like(got, want) {
					t.Fatalf("at %d,%d, %.0f m outside with a ramp of %.0f m, gap %t: %v, want %v", x, y, d, ramp, inGap, got, want)
				}
			}
			for _, c := range upper.asked {
				square := tiles.Item{Texture: tiles.Texture{ZL: c.Z + 4, Col: c.X * 16, Row: c.Y * 16}}.Box()
				middle := orb.Point{(square.West + square.East) / 2, (square.South + square.North) / 2}
				corner := geo.DistanceHaversine(middle, orb.Point{square.West, square.South})
				if d := away(ring, middle); d > ramp+1.01*corner {
					t.Errorf("%s was asked for, whose middle is %.0f m outside", c, d)
				}
			}
		})
	}
}
