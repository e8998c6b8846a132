package route_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/xelpack/xelpack/pkg/route"
)

// near lets positions differ by 2 m and heights by a foot: formats write degrees, or minutes and
// seconds.
var near = cmp.Options{cmp.Comparer(func(a, b route.Point) bool {
	return math.Abs(a.Lon()-b.Lon()) < 2e-5 && math.Abs(a.Lat()-b.Lat()) < 2e-5 &&
		math.Abs(a.Altitude-b.Altitude) < 0.31 && a.HasAltitude == b.HasAltitude
}), cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-6)}

// flat returns points without their altitudes.
func flat(points []route.Point) []route.Point {
	var all []route.Point
	for _, p := range points {
		all = append(all, route.Point{Point: p.Point})
	}
	return all
}

// TestOneFlightInAllFormats reads testdata's flight from Hamburg to Copenhagen.
func TestOneFlightInAllFormats(t *testing.T) {
	const flightLevel = 9000 * 0.3048
	want := []route.Point{
		high(9.988228, 53.630389, 0), high(10.668889, 53.942222, flightLevel), high(11.005556,
			54.306667, flightLevel),
		high(12.163889, 54.951389, flightLevel), high(12.655972, 55.617917, 0),
	}
	alternate := route.Route{Name: "ESMS", Alternate: true,
		Points: []route.Point{want[4], high(13.376197, 55.536306, 236*0.3048)}}
	viaSVD := alternate
	viaSVD.Points = []route.Point{want[4], high(12.976111, 55.602778, 3000*0.3048),
		alternate.Points[1]}
	for _, tt := range []struct {
		file, name string
		points     []route.Point
		cruise     float64
		more       []route.Route
	}{
		{"plan-1100.fms", "", want, 0, nil},
		{"plan-3.fms", "", want, 0, nil},
		{"plan.geojson", "EDDH EKCH", want, 0, nil},
		{"plan.gpx", "EDDH EKCH", want, 0, nil},
		{"plan.kml", "EDDH EKCH", want, 0, nil},
		{"plan.kmz", "EDDH EKCH", want, 0, nil},
		{"plan.lnmpln", "", want, flightLevel, []route.Route{alternate}},
		{"plan.pln", "EDDH EKCH", want, flightLevel, nil},
		{"plan.fpl", "EDDH EKCH", flat(want), 0, nil},
		{"simbrief.json", "EDDH EKCH", want, flightLevel, []route.Route{viaSVD}},
		{"simbrief.xml", "EDDH EKCH", want, flightLevel, []route.Route{viaSVD}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			got, _, err := route.Read(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			routes := append([]route.Route{{Name: tt.name, Points: tt.points, Cruise: tt.cruise}},
				tt.more...)
			if diff := cmp.Diff(routes, got, near); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSharedSamples reads one flight in all formats, those that carry no altitude compared without.
func TestSharedSamples(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "routes", "lsgg-lfmn")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("the shared samples are not here: %v", err)
	}
	want, _, err := route.Read(filepath.Join(dir, "flight-alt.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 11 {
		t.Errorf("%d samples, want 11", len(entries))
	}
	for _, e := range entries {
		got, _, err := route.Read(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Error(err)
			continue
		}
		points := want[0].Points
		if e.Name() == "flight.geojson" || e.Name() == "flight.fpl" {
			points = flat(points)
		}
		if diff := cmp.Diff(points, got[0].Points, near); diff != "" || len(got) != 1 {
			t.Errorf("%s: %d routes, the first (-want +got):\n%s", e.Name(), len(got), diff)
		}
	}
}

// TestFormatsByContent hides a format behind encodings that editors and old programs produce.
func TestFormatsByContent(t *testing.T) {
	fms, err := os.ReadFile(filepath.Join("testdata", "plan-1100.fms"))
	if err != nil {
		t.Fatal(err)
	}
	pln, err := os.ReadFile(filepath.Join("testdata", "plan.pln"))
	if err != nil {
		t.Fatal(err)
	}
	utf16 := func(s string) string {
		var b strings.Builder
		b.WriteString("\xff\xfe")
		for _, r := range s {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"FMS with blank lines before it": "\r\n\n" + string(fms),
		"FMS with a byte order mark":     "\ufeff" + string(fms),
		"FMS with CRLF and tabs": strings.NewReplacer("\n", "\r\n", " ",
			"\t").Replace(string(fms)),
		"PLN in Latin-1": strings.ReplaceAll(string(pln), "°", "\xb0"),
		"PLN in UTF-16": utf16(
			strings.Replace(string(pln), `encoding="UTF-8"`, `encoding="UTF-16"`, 1)),
		"PLN that claims another charset": strings.Replace(string(pln), `encoding="UTF-8"`,
			`encoding="windows-1252"`, 1),
		"PLN without declaration": "\n\n" +
			string(pln[strings.Index(string(pln), "<SimBase"):]),
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := route.Read(write(t, text))
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || len(got[0].Points) != 5 {
				t.Errorf("read %+v, want one route with five points", got)
			}
		})
	}
}

func TestUnknownFormats(t *testing.T) {
	for name, tt := range map[string]struct {
		text, want string
	}{
		"old MSFS plan":  {"[flightplan]\ntitle=EDDH to EKCH\n", "unknown file format"},
		"a web page":     {"<!DOCTYPE html><html><body>Please log in</body></html>", "<html>"},
		"other XML":      {"<?xml version='1.0'?><rss/>", "<rss>"},
		"PDF":            {"%PDF-1.7\x00\xff", "unknown file format"},
		"letter I alone": {"I\nam not a flight plan\n", "unknown file format"},
	} {
		_, _, err := route.Read(write(t, tt.text))
		if !errors.Is(err, route.ErrUnknownFormat) || !strings.Contains(err.Error(), tt.want) ||
			!strings.Contains(err.Error(), "GPX") {
			t.Errorf("%s: error %v; want one that has %q and lists the formats", name, err, tt.want)
		}
	}
}

// TestCutShort cuts every sample at many places: none may pass for a whole flight plan.
func TestCutShort(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join("testdata", "*.*"))
	if err != nil || len(samples) == 0 {
		t.Fatal("no samples", err)
	}
	for _, sample := range samples {
		whole, err := os.ReadFile(sample)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(sample, "plan-3.fms") {
			continue // has no mark of its end: what is whole lines is a plan
		}
		body := strings.TrimRight(string(whole), "\r\n")
		if strings.HasSuffix(sample, ".fms") {
			body = body[:strings.LastIndex(body, "\n")+1] // the last number may lose digits unseen
		}
		for i := range 40 {
			cut := body[:len(body)*i/40]
			if _, _, err := route.Read(write(t, cut)); err == nil {
				t.Errorf("%s cut to %d of %d bytes passes for whole", sample, len(cut), len(body))
			} else if _, ok := errors.AsType[*route.Error](err); !ok {
				t.Errorf("%s cut to %d bytes: error %v is no *route.Error", sample, len(cut), err)
			}
		}
	}
}

func TestTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junk")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(100 << 20); err != nil { // sparse: 100 MB of zeros
		t.Fatal(err)
	}
	if _, _, err := route.Read(path); !errors.Is(err, route.ErrTooLarge) ||
		!strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
	if _, _, err := route.ReadRegion(path); !errors.Is(err, route.ErrTooLarge) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
	if _, _, err := route.Read("/dev/zero"); !errors.Is(err, route.ErrTooLarge) {
		t.Errorf("endless file: error %v, want ErrTooLarge", err)
	}
	if _, _, err := route.Read(filepath.Join(t.TempDir(), "missing")); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("missing file: error %v", err)
	}
}

// TestTooManyPoints gives every parser a file within MaxFileBytes that would fill the memory if all
// its points were kept.
func TestTooManyPoints(t *testing.T) {
	if testing.Short() {
		t.Skip("reads files of 10 to 60 MB")
	}
	const n = 500_001
	for name, text := range map[string]string{
		"GeoJSON line": `{"type":"LineString","coordinates":[[1,2]` +
			strings.Repeat(",[1,2]", n) + `]}`,
		"GeoJSON points": `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}` + strings.Repeat(`,{"type":"Point","coordinates":[1,2]}`, n) + `]}`,
		"FMS":            fms(strings.Repeat("1 A B 0 1 2\n", n)),
		"GPX":            gpx("<rte>" + strings.Repeat("<rtept lat='1' lon='2'/>", n) + "</rte>"),
		"KML": kml("<LineString><coordinates>" + strings.Repeat("1,2 ", n) +
			"</coordinates></LineString>"),
		"LNMPLN":        lnmpln("<Waypoints>" + strings.Repeat("<Waypoint/>", n) + "</Waypoints>"),
		"PLN":           pln(strings.Repeat("<ATCWaypoint/>", n)),
		"Garmin":        garmin("", strings.Repeat("<route-point/>", n)),
		"SimBrief JSON": `{` + ofpEnds + `,"navlog":{"fix":[{}` + strings.Repeat(`,{}`, n) + `]}}`,
		"SimBrief XML": `<OFP>` + ofpEndsXML + `<navlog>` + strings.Repeat("<fix/>", n) +
			`</navlog></OFP>`,
	} {
		if _, _, err := route.Read(write(t, text)); !errors.Is(err, route.ErrTooLarge) ||
			!strings.Contains(err.Error(), "more than 500000 points") {
			t.Errorf("%s: error %.300v; want one that says there are too many points", name, err)
		}
	}
}
