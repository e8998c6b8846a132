package tiles

import (
	"testing"

	"github.com/paulmach/orb"
)

// BenchmarkPlan is the worked plan of the design: 500 NM along 45° N, all that X-Plane loads, at
// ZL16.
func BenchmarkPlan(b *testing.B) {
	b.ReportAllocs()
	var items []Item
	for b.Loop() {
		items = mustPlan(b, worked())
	}
	b.ReportMetric(float64(len(items)), "textures")
}

// BenchmarkFilter picks that route's textures among the 500,000 of a continental package.
func BenchmarkFilter(b *testing.B) {
	candidates := continent(b)
	s := worked()
	b.ReportAllocs()
	b.ReportMetric(0, "textures")
	for b.Loop() {
		found, err := Filter(b.Context(), s.Regions, candidates)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(found)), "textures")
	}
	b.ReportMetric(float64(len(candidates)), "candidates")
}

// continent is half a million textures of ZL16 round the worked route, as terrain folders list
// them: by name, not by place.
func continent(b *testing.B) []Texture {
	const wide, high = 800, 625
	centre := At(orb.Point{6, 45}, 16, "BI")
	all := make([]Texture, 0, wide*high)
	for col := range uint32(wide) {
		for row := range uint32(high) {
			all = append(all, Texture{centre.Row + (row-high/2)*16, centre.Col + (col-wide/2)*16,
				16, "BI"})
		}
	}
	return all
}
