package xplane_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/xplane"
)

// aptDat is of the form of X-Plane's own file, shortened.
const aptDat = "I\r\n1200 Version\r\n\r\n" +
	"1   1411 0 0 LSGG Geneva Cointrin\r\n" +
	"1302 city Geneva\r\n1302 datum_lat 46.9\r\n1302 datum_lon 6.9\r\n1302 icao_code LSGG\r\n" +
	"100 50.00 2 1 0.00 1 3 0 04 46.22585500 006.09230600 0 0 3 2 0 1 22 46.25000000 006.13000000 0 0 3 2 0 1\r\n" +
	"1300  46.1 6.1 45.1 gate heavy|jets 7\r\n\r\n" +
	"17   12 0 0 [H] XLF01 A helipad\r\n102 H1 43.5 7.0 0 10 10 1 0 0 0.25 0\r\n\r\n" +
	"17   12 0 0 LFH1 A helipad\r\n102 H1 43.5 7.0 0 10 10 1 0 0 0.25 0\r\n\r\n" +
	"16   3 0 0 S16 Seaplanes\r\n101 49 1 08 -17.7 179.999 26 -17.7 -179.997\r\n\r\n" +
	"1    12 0 0 X01 Renamed\r\n1302 icao_code LFMN\r\n1302 datum_lat 43.66\r\n1302 datum_lon 7.215\r\n\r\n" +
	"1    12 0 0 NOWH Nowhere\r\n1302 datum_lat x\r\n99\r\n"

func TestAirports(t *testing.T) {
	const own = "Global Scenery/Global Airports/Earth nav data/apt.dat"
	x := install(t, map[string]string{own: aptDat})
	cache := t.TempDir()
	read := func() xplane.Airports {
		t.Helper()
		airports, err := x.Airports(t.Context(), cache, func(text string) { t.Error(text) })
		if err != nil {
			t.Fatal(err)
		}
		return airports
	}
	check := func(airports xplane.Airports) {
		t.Helper()
		for code, want := range map[string]orb.Point{
			"LSGG": {6.111153, 46.2379275}, "LFH1": {7, 43.5}, "S16": {-179.999, -17.7},
			"LFMN": {7.215, 43.66}, "X01": {7.215, 43.66},
		} {
			got, ok := airports[code]
			if !ok || math.Abs(got.At[0]-want[0]) > 1e-5 || math.Abs(got.At[1]-want[1]) > 1e-5 {
				t.Errorf("%s: %v %v, want %v", code, ok, got, want)
			}
		}
		if airports["LSGG"].Elevation != 1411 {
			t.Errorf("%+v", airports["LSGG"])
		}
		if a, ok := airports["NOWH"]; ok {
			t.Errorf("an airport without a place: %+v", a)
		}
	}
	check(read())
	index, err := filepath.Glob(filepath.Join(cache, "airports-*.tsv"))
	if err != nil || len(index) != 1 {
		t.Fatal(index, err)
	}
	text, err := os.ReadFile(index[0])
	if err != nil {
		t.Fatal(err)
	}
	// The index is what is read the second time.
	if err := os.WriteFile(index[0], append(text, "NEW1\t1.5\t2.5\t3\n"...), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, ok := read()["NEW1"]; !ok {
		t.Error("the index was not used")
	}
	check(read())
	// It is made anew if it is damaged, or if the file has changed.
	if err := os.WriteFile(index[0], append(text, "NEW1\tx\n"...), 0o666); err != nil {
		t.Fatal(err)
	}
	check(read())
	files(t, x.Dir, map[string]string{own: strings.ReplaceAll(aptDat, "LFH1", "LFH22")})
	if _, ok := read()["LFH22"]; !ok {
		t.Error("an old index was used")
	}
}

func TestFixes(t *testing.T) {
	x := install(t, map[string]string{
		"Resources/default data/earth_fix.dat": "I\n1101 Version\n\n  45.5  6.5  KOPER ENRT LS 1\n  -30.0  150.0  KOPER ENRT YM 1\n99\n",
		"Custom Data/earth_nav.dat":            "I\n1100 Version\n\n 3  44.5  6.6 1000 11600 130 0.0 MTL ENRT LF MONTELIMAR VOR\n 6  1.0  1.0 1000 11600 130 0.0 MTL LFMN LF GS\n99\n",
		"Resources/default data/earth_nav.dat": " 3  1  1 1000 11600 130 0.0 MTL ENRT LF old\n",
	})
	fixes, err := x.Fixes(t.Context(), []string{"KOPER", "MTL", "NONE"})
	if err != nil {
		t.Fatal(err)
	}
	from, to := orb.Point{6.1, 46.2}, orb.Point{7.2, 43.7}
	for name, want := range map[string]orb.Point{"KOPER": {6.5, 45.5}, "MTL": {6.6, 44.5}} {
		if at, ok := fixes.Near(name, from, to); !ok || at != want {
			t.Errorf("%s: %v %v, want %v", name, at, ok, want)
		}
	}
	if at, ok := fixes.Near("NONE", from, to); ok {
		t.Errorf("NONE is at %v", at)
	}
	if at, ok := fixes.Near("KOPER", orb.Point{-70, 40}, orb.Point{-71, 41}); ok {
		t.Errorf("KOPER of another continent was taken: %v", at)
	}
}
