package farm

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Jobs have every texture once, are small enough, do not depend on the order of the plan, and are
// squares of neighbours where the plan is.
func TestGroup(t *testing.T) {
	var items []tiles.Item
	for x := range uint32(40) {
		for y := range uint32(30) {
			items = append(items, tiles.Item{Texture: tiles.Texture{ZL: 16, Maptype: "BI", Col: 32768 + 16*x, Row: 16384 + 16*y},
				Detail: uint8(min(4, (x+y)/10))})
		}
	}
	jobs := group(items, mostTextures)
	shuffled := slices.Clone(items)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) {
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	})
	if d := cmp.Diff(jobs, group(shuffled, mostTextures)); d != "" {
		t.Error("another order of the plan gives other jobs")
	}
	seen := map[tiles.Item]bool{}
	for _, j := range jobs {
		bytes := int64(0)
		for _, it := range j {
			if seen[it] {
				t.Errorf("%v is in two jobs", it)
			}
			seen[it] = true
			bytes += weight(it)
		}
		if len(j) > mostTextures || bytes > mostBytes {
			t.Errorf("a job of %d textures and %d bytes", len(j), bytes)
		}
	}
	if len(seen) != len(items) {
		t.Errorf("%d of %d textures are in jobs", len(seen), len(items))
	}
	small := 0
	for _, j := range jobs {
		same := func(shift uint) bool {
			return !slices.ContainsFunc(j, func(it tiles.Item) bool {
				return it.Col>>shift != j[0].Col>>shift || it.Row>>shift != j[0].Row>>shift
			})
		}
		if len(j) > 32 && same(8) { // 16×16 textures
			small++
		}
	}
	if small == 0 {
		t.Error("no large job is a square")
	}
}
