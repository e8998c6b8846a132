package route_test

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xelpack/xelpack/pkg/route"
)

// checkNotes compares notes with parts of them, in order.
func checkNotes(t *testing.T, got []string, want ...string) {
	t.Helper()
	same := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		same = same && strings.Contains(got[i], want[i])
	}
	if !same {
		t.Errorf("notes %q, want %q", got, want)
	}
}

// TestFieldCases reads files that people have met, each with a fault of its kind.
func TestFieldCases(t *testing.T) {
	const cruise = 37000 * feet
	one := func(points ...route.Point) []route.Route { return []route.Route{{Points: points}} }
	named := func(points ...route.Point) []route.Route {
		return []route.Route{{Name: "t", Points: points}}
	}
	pln := func(cruise float64, enroute ...route.Point) []route.Route {
		points := append([]route.Point{high(7.215, 43.66, 12*feet)}, enroute...)
		return []route.Route{{Name: "test", Cruise: cruise,
			Points: append(points, high(2.44, 48.97, 218*feet))}}
	}
	comma := func(b, c float64) []route.Route {
		return named(high(7.21, 43.66, 0), high(7, 43.8, b), high(6.8, 44, c))
	}
	commaFlat := named(low(7.21, 43.66), low(7, 43.8), low(6.8, 44))
	alternate := func(name string, points ...route.Point) route.Route {
		return route.Route{Name: name, Alternate: true, Points: points}
	}
	lfpb := low(2.44, 48.97)
	for _, tt := range []struct {
		file  string
		want  []route.Route
		notes []string
	}{
		{"full.pln", pln(cruise, high(6, 44.6, cruise), high(4.4, 46.2, cruise),
			high(3, 48, cruise)), nil},
		{"zero.pln", pln(cruise, low(6, 44.6), low(4.4, 46.2), low(3, 48)),
			[]string{"the cruising altitude of 37000 ft is used"}},
		{"decimal.pln", pln(5000*feet, high(6, 44.6, 5000*feet), high(4.4, 46.2, 5000*feet),
			high(3, 48, 5000*feet)), nil},
		{"junk.pln", pln(15000*feet, high(6, 44.6, 15000*feet), low(4.4, 46.2),
			high(3, 48, 15000*feet)),
			[]string{"line 23, <WorldPosition>: altitude " +
				"+340282346638528859811704183484516925440… is left out",
				"cruising altitude of 15000 ft"}},
		{"track.kml", named(high(7.21, 43.66, 12), high(7, 43.8, 900)),
			[]string{"line 3, <coord>: an empty point of a track is left out (and 1 more of this " +
				"kind)"}},
		{"commas-only.kml", comma(900, 0), []string{"read as 3 points"}},
		{"blank-after-comma.kml", comma(900, 0), []string{"read as 3 points"}},
		{"semicolon.kml", comma(0, 0), []string{"read as 3 points"}},
		{"leading-comma.kml", commaFlat, []string{"read as 3 points"}},
		{"trailing-comma.kml", commaFlat, nil},
		{"eps.geojson", one(low(179.5, -17), low(180, -17)), nil},
		{"over180.geojson", one(low(177, -18), low(-179, -17), low(-175.5, -16)),
			[]string{"coordinates[1]: longitude 181 is read as -179 (and 1 more of this kind)"}},
		{"wrap.geojson", one(low(177, -18), low(-179, -17), low(-175.5, -16)), nil},
		{"area-and-pin.kml", one(high(7.2, 43.66, 0)), []string{"line 2: 1 polygon left out"}},
		{"line-and-area.geojson",
			[]route.Route{{Name: "way", Points: []route.Point{low(7.2, 43.66), low(6.8, 44)}}},
			[]string{"features[1].geometry: 1 polygon left out"}},
		{"no-navlog.json", []route.Route{
			{Name: "LFMN LFPB", Points: []route.Point{low(7.215, 43.66), lfpb}},
			alternate("LFOB", lfpb, low(2.11, 49.45))},
			[]string{"a straight line from LFMN to LFPB is used"}},
		{"two-alternates.json", []route.Route{
			{Name: "LFMN LFPB", Points: []route.Point{high(7.215, 43.66, 0),
				high(6, 44.6, 21000*feet), high(5.6, 45, cruise),
				high(4.4, 46.2, cruise), high(2.44, 48.97, 218*feet)}},
			alternate("LFOB", lfpb, low(2.11, 49.45)),
			alternate("LFPO", lfpb, low(2.36, 48.72))}, nil},
	} {
		t.Run(tt.file, func(t *testing.T) {
			got, notes, err := route.Read(filepath.Join("testdata", "cases", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkNotes(t, notes, tt.notes...)
		})
	}
	for _, text := range []string{"37,000", "37000,00", "FL370", "37000 ft", "37000feet"} {
		got, _, err := route.Read(write(t, "<SimBase.Document><FlightPlan.FlightPlan><CruisingAlt>"+text+
			"</CruisingAlt><ATCWaypoint><WorldPosition>46,6</WorldPosition></ATCWaypoint>"+
			"</FlightPlan.FlightPlan></SimBase.Document>"))
		if err != nil || math.Abs(got[0].Cruise-cruise) > 1e-6 {
			t.Errorf("cruising altitude %s is read as %v, %v", text, got, err)
		}
	}
	for _, file := range []string{"error.json", "error.xml"} {
		_, _, err := route.Read(filepath.Join("testdata", "cases", file))
		if !errors.Is(err, route.ErrMalformed) ||
			!strings.Contains(err.Error(), "SimBrief answered: Error: Unknown UserID") {
			t.Errorf("%s: error %v; want SimBrief's words", file, err)
		}
	}
	for file, left := range map[string]string{
		"area-and-pin.kml":      "line 2: 1 shape left out",
		"line-and-area.geojson": "features[0].geometry: 1 shape left out",
	} {
		region, notes, err := route.ReadRegion(filepath.Join("testdata", "cases", file))
		if err != nil {
			t.Error(err)
			continue
		}
		if len(region) != 1 || len(region[0]) != 1 || len(region[0][0]) != 5 {
			t.Errorf("%s: read %v, want one polygon of four corners", file, region)
		}
		checkNotes(t, notes, left)
	}
}
