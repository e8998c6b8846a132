package route

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// apart returns how far p is from the great-circle leg a–b in metres and, with the height taken
// from the straight line between a's and b's, how far above or below it.
func apart(p, a, b Point) (aside, above float64) {
	leg, along := course(a.Point, b.Point)
	distance, bearing := course(a.Point, p.Point)
	cross := math.Asin(math.Sin(distance/earthRadius) * math.Sin(bearing-along))
	on := earthRadius * math.Atan2(math.Sin(distance/earthRadius)*math.Cos(bearing-along),
		math.Cos(distance/earthRadius))
	aside = math.Abs(cross) * earthRadius
	if over := max(-on, on-leg); over > 0 {
		aside = math.Hypot(aside, over)
	}
	height := a.Altitude
	if leg > 0 {
		height += (b.Altitude - a.Altitude) * min(max(on/leg, 0), 1)
	}
	return aside, math.Abs(p.Altitude - height)
}

// walk makes a track of n points that wanders, turns back and crosses the antimeridian and high
// latitudes.
func walk(r *rand.Rand, n int) []Point {
	at := orb.Point{r.Float64()*360 - 180, r.Float64()*170 - 85}
	heading, height := r.Float64()*2*math.Pi, r.Float64()*3000
	points := make([]Point, 0, n)
	for range n {
		points = append(points, Point{Point: at, Altitude: height, HasAltitude: true})
		switch r.IntN(40) {
		case 0:
			heading += math.Pi // turn back
		case 1, 2:
			heading += r.NormFloat64()
		}
		step := r.ExpFloat64() * 100
		lat := at.Lat() + step/111_200*math.Cos(heading)
		lon := at.Lon() + step/111_200/math.Cos(at.Lat()*math.Pi/180)*math.Sin(heading)
		at = orb.Point{math.Remainder(lon, 360), min(max(lat, -89), 89)}
		height += r.NormFloat64() * step * 0.15
	}
	return points
}

func TestSimplifyStaysWithinTolerance(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		track := walk(r, 2000)
		kept := simplify(append([]Point(nil), track...))
		if kept[0] != track[0] || kept[len(kept)-1] != track[len(track)-1] {
			t.Fatalf("seed %d: the ends moved", seed)
		}
		if len(kept) >= len(track) {
			t.Errorf("seed %d: %d points of %d are left", seed, len(kept), len(track))
		}
		leg := 0
		for i, p := range track {
			if i > 0 && p == kept[leg+1] {
				leg = min(leg+1, len(kept)-2)
				continue // a corner that was kept
			}
			aside, above := apart(p, kept[leg], kept[leg+1])
			// Where the track turns back by less than the tolerance, points beyond the end of a leg
			// count as on it: hence the factors.
			if aside > 2*trackTolerance+1 || above > 3*heightTolerance {
				t.Fatalf("seed %d: point %d is %.1f m aside of its leg and %.1f m above it", seed,
					i, aside, above)
			}
		}
	}
}

func TestSimplify(t *testing.T) {
	line := func(n int, at func(float64) Point) []Point {
		var points []Point
		for i := range n {
			points = append(points, at(float64(i)/float64(n-1)))
		}
		return points
	}
	for _, tt := range []struct {
		name  string
		track []Point
		want  int
	}{
		{"along a meridian", line(1000, func(f float64) Point {
			return Point{Point: orb.Point{7, 44 + f}}
		}), 2},
		{"over the pole and the antimeridian", append(
			line(100, func(f float64) Point { return Point{Point: orb.Point{10, 85 + 4.99*f}} }),
			line(100, func(f float64) Point {
				return Point{Point: orb.Point{-170, 89.99 - 4.99*f}}
			})...), 2},
		{"out and back", append(
			line(500, func(f float64) Point { return Point{Point: orb.Point{7, 44 + f}} }),
			line(500, func(f float64) Point { return Point{Point: orb.Point{7, 45 - f}} })...), 3},
		{"a corner", append(
			line(500, func(f float64) Point { return Point{Point: orb.Point{7, 44 + f}} }),
			line(500, func(f float64) Point {
				return Point{
					Point: orb.Point{7 + f, 45}}
			})[1:21]...), 3},
		{"up and down", line(1001, func(f float64) Point {
			return Point{Point: orb.Point{7, 44 + f}, Altitude: 3000 - 6000*math.Abs(f-0.5),
				HasAltitude: true}
		}), 3},
		{"standing still", line(1000, func(f float64) Point {
			return Point{Point: orb.Point{7, 44 + f*1e-5}}
		}), 2},
		{"the same point only", line(1000, func(float64) Point {
			return Point{Point: orb.Point{7, 44}}
		}), 1},
		{"two points", line(2, func(f float64) Point { return Point{Point: orb.Point{7, 44 + f}} }),
			2},
	} {
		if got := simplify(tt.track); len(got) != tt.want {
			t.Errorf("%s: %d points are left, want %d: %v", tt.name, len(got), tt.want,
				got[:min(len(got), 6)])
		}
	}
}
