package scenerytest_test

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/testing/filetest"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func makeIn(t *testing.T, o scenerytest.Options) *scenerytest.Package {
	t.Helper()
	made, err := scenerytest.Make(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestMakeIsDeterministic(t *testing.T) {
	o := scenerytest.Options{Limit: 40, Real: 2}
	a, b := filetest.Tree(t, makeIn(t, o).Dir), filetest.Tree(t, makeIn(t, o).Dir)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two packages of the same options differ:\n%s", diff)
	}
}

func TestMakeLayout(t *testing.T) {
	made := makeIn(t, scenerytest.Options{})
	counts := map[string]int{}
	for name := range filetest.Tree(t, made.Dir) {
		stem, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
		kind := filepath.ToSlash(filepath.Dir(name)) + " " + ext
		for _, suffix := range []string{"_sea_overlay", "_sea", "_water_overlay", "_water"} {
			if strings.HasSuffix(stem, suffix) {
				kind += " " + suffix
				break
			}
		}
		counts[kind]++
	}
	for _, kind := range []string{"terrain .ter", "terrain .ter _water",
		"terrain .ter _water_overlay", "terrain .ter _sea", "terrain .ter _sea_overlay",
		"textures .png", "Earth nav data/+40+000 .dsf"} {
		if counts[kind] == 0 {
			t.Errorf("no %s among %v", kind, counts)
		}
	}
	if counts["textures .dds"] != 0 {
		t.Errorf("%d real textures nobody asked for", counts["textures .dds"])
	}
	f, err := os.Open(filepath.Join(made.Dir, "textures", "water_transition.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Errorf("the mask is no PNG: %v", err)
	}
}

func TestMakeOptions(t *testing.T) {
	degree := tiles.Box{West: 5, South: 0, East: 6, North: 1}
	for _, tt := range []struct {
		name               string
		o                  scenerytest.Options
		textures, terrains int // terrains -1: any
	}{
		// The figures of domain §1, which count what touches the half-open cell.
		{"equator ZL16", scenerytest.Options{Box: degree, AirportMax: -1}, 156, -1},
		{"equator ZL17", scenerytest.Options{Box: degree, ZL: 17, AirportMax: -1}, 552, -1},
		{"43° N", scenerytest.Options{AirportMax: -1}, 221, -1},
		{"52° N", scenerytest.Options{Box: tiles.Box{West: 5, South: 52, East: 6, North: 53},
			AirportMax: -1}, 247, -1},
		{"60° N ZL17", scenerytest.Options{Box: tiles.Box{West: 5, South: 60, East: 6, North: 61},
			ZL: 17, AirportMax: -1}, 1128, -1},
		{"all kinds", scenerytest.Options{AirportMax: -1, AllKinds: true}, 221, 5 * 221},
		{"limit", scenerytest.Options{Limit: 9, AirportMax: -1}, 9, -1},
		{"limit and zone", scenerytest.Options{Limit: 9}, 9 - 1 + 16, -1},
		{"part of a zone", scenerytest.Options{Limit: 9, AirportMax: 5}, 9 + 5, -1},
		{"deeper zone", scenerytest.Options{Limit: 1, AirportZL: 19}, 64, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			made := makeIn(t, tt.o)
			if len(made.Textures) != tt.textures || tt.terrains >= 0 &&
				made.Terrains != tt.terrains {
				t.Errorf("%d textures, %d terrain files; want %d, %d", len(made.Textures),
					made.Terrains, tt.textures, tt.terrains)
			}
		})
	}
}

func TestLimitKeepsWhatIsNearTheAirport(t *testing.T) {
	airport := orb.Point{5.3, 43.2}
	made := makeIn(t, scenerytest.Options{Airport: airport, Limit: 9, AirportMax: -1})
	middle := tiles.At(airport, 16, "BI")
	for _, texture := range made.Textures {
		if max(texture.Row, middle.Row)-min(texture.Row, middle.Row) > 16 ||
			max(texture.Col, middle.Col)-min(texture.Col, middle.Col) > 16 {
			t.Errorf("%v is not beside %v", texture, middle)
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	for name, o := range map[string]scenerytest.Options{
		"reversed box":       {Box: tiles.Box{West: 6, South: 43, East: 5, North: 44}},
		"box out of range":   {Box: tiles.Box{West: 179, South: 43, East: 181, North: 44}},
		"bad maptype":        {Maptype: "ZL"},
		"bad zoom level":     {ZL: 3},
		"airport below land": {ZL: 16, AirportZL: 15, AirportMax: 4},
	} {
		if _, err := scenerytest.Make(t.TempDir(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
