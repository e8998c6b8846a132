package route_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/xelpack/xelpack/pkg/route"
)

func TestProfile(t *testing.T) {
	for _, tt := range []struct {
		name   string
		points []route.Point
		want   []float64
	}{
		{"none", []route.Point{low(0, 0), low(1, 0), low(2, 0)}, []float64{0, 0, 0}},
		{"all", []route.Point{high(0, 0, 5), high(1, 0, 7)}, []float64{5, 7}},
		{"a gap, by distance", []route.Point{high(0, 0, 0), low(1, 0), low(3, 0), high(4, 0, 400)},
			[]float64{0, 100, 300, 400}},
		{"two gaps", []route.Point{high(0, 0, 0), low(1, 0), high(2, 0, 100), low(3, 0),
			high(4, 0, 0)}, []float64{0, 50, 100, 50, 0}},
		{"across the antimeridian",
			[]route.Point{high(179, 0, 0), low(-179, 0), high(-177, 0, 100)},
			[]float64{0, 50, 100}},
		{"open ends keep the nearest", []route.Point{low(0, 0), high(1, 0, 10), low(2, 0)},
			[]float64{10, 10, 10}},
		{"no distance", []route.Point{high(0, 0, 10), low(0, 0), high(0, 0, 20)},
			[]float64{10, 10, 20}},
		{"no points", nil, nil},
	} {
		var got []float64
		for _, p := range (route.Route{Points: tt.points}).Profile() {
			got = append(got, p.Altitude)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-6),
			cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		for _, h := range got {
			if math.IsNaN(h) {
				t.Errorf("%s: NaN in %v", tt.name, got)
			}
		}
	}
}

// TestProfileCruise looks at where climb ends and descent begins, in metres of height and of way
// flown. A degree along the equator is 111,319 m; to 3,000 m it takes 54,685 m.
func TestProfileCruise(t *testing.T) {
	const degree, climb = 111_319.49, 3000 / (1000 * feet / 5556)
	for _, tt := range []struct {
		name   string
		points []route.Point
		want   [][2]float64 // longitude and altitude
	}{
		{"no waypoints", []route.Point{high(0, 0, 0), high(4, 0, 0)},
			[][2]float64{{0, 0}, {climb / degree, 3000}, {4 - climb/degree, 3000}, {4, 0}}},
		{"waypoints without", []route.Point{high(0, 0, 0), low(0.1, 0), low(2, 0), high(4, 0, 0)},
			[][2]float64{{0, 0}, {0.1, 0.1 * degree / climb * 3000}, {climb / degree, 3000},
				{2, 3000}, {4 - climb/degree, 3000}, {4, 0}}},
		{"too short to get there", []route.Point{high(0, 0, 0), low(0.1, 0), high(0.4, 0, 0)},
			[][2]float64{{0, 0}, {0.1, 0.1 * degree / climb * 3000},
				{0.2, 0.2 * degree / climb * 3000}, {0.4, 0}}},
		{"what is given counts", []route.Point{high(0, 0, 0), high(1, 0, 900), high(2, 0, 900),
			high(4, 0, 0)}, [][2]float64{{0, 0}, {1, 900}, {2, 900}, {4, 0}}},
		{"beyond what is given", []route.Point{high(0, 0, 0), high(1, 0, 900), low(3, 0),
			high(4, 0, 4000), low(5, 0), high(6, 0, 0)},
			[][2]float64{{0, 0}, {1, 900}, {3, 900 + 3100*2.0/3}, {4, 4000}, {5, 2000}, {6, 0}}},
	} {
		var got [][2]float64
		for _, p := range (route.Route{Points: tt.points, Cruise: 3000}).Profile() {
			got = append(got, [2]float64{p.Lon(), p.Altitude})
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(1e-5, 1e-6)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
