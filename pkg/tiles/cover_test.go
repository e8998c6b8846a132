package tiles

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
)

func TestCovered(t *testing.T) {
	along := NewPath(pathOf(orb.Point{179, 0.01}, orb.Point{-179, 0.01})...)
	half := At(orb.Point{179.99, 0.01}, 8, "BI") // the last column of ZL8 ends at the antimeridian
	inside := At(orb.Point{179.99, 0.01}, 16, "BI")
	other := At(orb.Point{179.99, -0.01}, 16, "BI")
	box := inside.Box()
	degree := math.Pi / 180 * EarthRadius
	for _, test := range []struct {
		name     string
		path     *Path
		textures []Texture
		want     float64
	}{
		{"nothing", along, nil, 0},
		{"up to the antimeridian", along, []Texture{half}, degree},
		{"what lies over another counts once", along,
			[]Texture{half, inside, {inside.Row, inside.Col, 16, "GO2"}}, degree},
		{"one texture", along, []Texture{inside}, (box.East - box.West) * degree},
		{"beside it", along, []Texture{other}, 0},
		{"a path of one point", NewPath(pathOf(orb.Point{179.99, 0.01})...), []Texture{inside}, 0},
		{"no path", NewPath(), []Texture{inside}, 0},
	} {
		var plan []Item
		for _, t := range test.textures {
			plan = append(plan, Item{Texture: t})
		}
		if got := test.path.Covered(plan); math.Abs(got-test.want) > 150 {
			t.Errorf("%s: %.0f m, want %.0f", test.name, got, test.want)
		}
	}
}
