package area

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestTogether(t *testing.T) {
	texture := tiles.At(orb.Point{6.5, 46.5}, 16, "X")
	box := texture.Box()
	west := func(part float64) Area {
		return Unchecked(orb.MultiPolygon{rect(0, 40, box.West+part*(box.East-box.West), 50)}, Edge{Ramp: 50})
	}
	type layer struct {
		name, licence string
		area          Area
	}
	for _, tt := range []struct {
		name   string
		layers []layer
		want   []string
	}{
		{"none", nil, nil},
		{"licences that want nothing", []layer{{"a", "", nil}, {"b", "", nil}}, []string{"a", "b"}},
		{"one that wants the whole", []layer{{"a", "", nil}, {"b", "SA", nil}}, []string{"a", "b"}},
		{"one licence of two sources", []layer{{"a", "SA", west(0.5)}, {"b", "SA", nil}}, []string{"a", "b"}},
		{"two everywhere", []layer{{"a", "SA", nil}, {"b", "NC", nil}}, []string{"a"}},
		{"the smaller on top", []layer{{"a", "SA", west(0.9)}, {"b", "NC", nil}, {"c", "", nil}}, []string{"b", "c"}},
		{"the larger on top", []layer{{"a", "SA", west(0.9)}, {"b", "", nil}, {"c", "NC", west(0.4)}}, []string{"a", "b"}},
		{"two of one licence have more", []layer{{"a", "SA", west(0.6)}, {"b", "NC", west(0.3)}, {"c", "NC", west(0.8)}}, []string{"b", "c"}},
		{"nothing whole of any", []layer{{"a", "SA", west(0.01)}, {"b", "NC", west(0.02)}}, []string{"a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, l := range Together(texture, slices.Clone(tt.layers), func(l layer) (Area, string) { return l.area, l.licence }) {
				got = append(got, l.name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
