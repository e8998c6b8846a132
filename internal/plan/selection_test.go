package plan

import (
	"path/filepath"
	"testing"
)

// TestCruisingAltitude plans one flight twice, with the altitude of the cruise at every waypoint
// and in the plan's head only. The latter was planned as if at the ground, with 11 % more chunks.
func TestCruisingAltitude(t *testing.T) {
	chunks := func(file string) (n int) {
		o := Defaults()
		o.Routes = []string{filepath.Join("..", "..", "pkg", "route", "testdata", "cases", file)}
		g, err := o.Ground(func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		s, err := o.Resolve(t.Context(), g, nil, "BI")
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range s.Items {
			n += it.ChunkCount()
		}
		return n
	}
	// A climb of 1,000 ft in 3 NM is shallower than that to the first waypoint.
	if full, zero := chunks("full.pln"), chunks("zero.pln"); zero < full || zero > full+full*3/100 {
		t.Errorf("%d chunks with the altitude at every waypoint, %d with that in the head: want up to 3 %% more", full, zero)
	}
}
