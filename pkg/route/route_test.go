package route_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/pkg/route"
)

// write puts content into a file whose name tells nothing.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flight")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func low(lon, lat float64) route.Point { return route.Point{Point: orb.Point{lon, lat}} }

func high(lon, lat, altitude float64) route.Point {
	return route.Point{Point: orb.Point{lon, lat}, Altitude: altitude, HasAltitude: true}
}

func TestReadGeoJSON(t *testing.T) {
	line := route.Route{Points: []route.Point{low(6, 46), low(7, 45)}}
	for _, tt := range []struct {
		name, text string
		want       []route.Route
	}{
		{"line", `{"type":"LineString","coordinates":[[6,46],[7,45]]}`, []route.Route{line}},
		{"byte order mark", "\ufeff" + `{"type":"LineString","coordinates":[[6,46],[7,45]]}`,
			[]route.Route{line}},
		{"white space", " \r\n{ \"type\" : \"LineString\" , \"coordinates\" : [ [ 6 , 46 ] , [ 7 " +
			", 45 ] ] } \n", []route.Route{line}},
		{"altitude", `{"type":"LineString","coordinates":[[6,46,0],[7,45,4876.8,99]]}`,
			[]route.Route{{Points: []route.Point{high(6, 46, 0), high(7, 45, 4876.8)}}}},
		{"duplicates", `{"type":"LineString","coordinates":[[6,46],[6,46],[7,45],[7,45]]}`,
			[]route.Route{line}},
		{"one point", `{"type":"LineString","coordinates":[[6,46]]}`,
			[]route.Route{{Points: []route.Point{low(6, 46)}}}},
		{"limits", `{"type":"LineString","coordinates":[[-180,-90],[180,90]]}`,
			[]route.Route{{Points: []route.Point{low(-180, -90), low(180, 90)}}}},
		{"each line its own",
			`{"type":"MultiLineString","coordinates":[[[6,46],[7,45]],[[6,46],[7,45]]]}`,
			[]route.Route{line, line}},
		{"feature with name",
			`{"type":"Feature","properties":{"name":"LSGG LFMN"},"geometry":{"type":"LineString","coordinates":[[6,46],[7,45]]}}`,
			[]route.Route{{Name: "LSGG LFMN", Points: line.Points}}},
		{"name of no use",
			`{"type":"Feature","properties":{"name":7},"geometry":{"type":"LineString","coordinates":[[6,46],[7,45]]}}`, []route.Route{line}},
		{"collections", `{"type":"FeatureCollection","features":[{"type":"Feature","properties":null,"geometry":
			{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[6,46],[7,45]]}]}}]}`, []route.Route{line}},
		{"points are one route", `{"type":"FeatureCollection","features":[
			{"type":"Feature","geometry":{"type":"Point","coordinates":[6,46]}},
			{"type":"Feature","geometry":{"type":"MultiPoint","coordinates":[[6.5,45.5],[7,45]]}}]}`,
			[]route.Route{{Points: []route.Point{low(6, 46), low(6.5, 45.5), low(7, 45)}}}},
		{"a line wins over points", `{"type":"FeatureCollection","features":[
			{"type":"Feature","geometry":{"type":"Point","coordinates":[9,9]}},
			{"type":"Feature","geometry":{"type":"LineString","coordinates":[[6,46],[7,45]]}}]}`, []route.Route{line}},
		{"foreign members",
			`{"type":"LineString","Type":"Polygon","crs":{"a":["]",{"b":"\"]"}]},"coordinates":[[6,46],[7,45]],"bbox":null}`, []route.Route{line}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := route.Read(write(t, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadGeoJSONErrors(t *testing.T) {
	feature := func(geometry string) string {
		return `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}},{"type":"Feature","geometry":` +
			geometry + `}]}`
	}
	line := func(position string) string {
		return feature(`{"type":"LineString","coordinates":[[6,46],` + position + `]}`)
	}
	const at = "features[1].geometry"
	for _, tt := range []struct {
		name, text string
		place      string
		problem    string // part of it, or of the remedy
		kind       error
	}{
		{"empty", "", "", "empty", route.ErrNoPoints},
		{"blank", " \n\t", "", "empty", route.ErrNoPoints},
		{"only a byte order mark", "\ufeff", "", "empty", route.ErrNoPoints},
		{"binary", "\x00\x01\x02\xff\xfe", "", "unknown file format", route.ErrUnknownFormat},
		{"cut short", "{\"type\":\"LineString\",\n\"coordinates\":[[6,46],", "line 2, column 22",
			"malformed", route.ErrMalformed},
		{"bad syntax", "{\"type\":\"LineString\",\n\"coordinates\":[[6,NaN]]}", "line 2, column 19",
			"malformed", route.ErrMalformed},
		{"trailing text", `{"type":"LineString","coordinates":[[6,46]]} x`, "line 1, column 46",
			"malformed", route.ErrMalformed},
		{"an array", `[[6,46],[7,45]]`, "", "unknown file format", route.ErrUnknownFormat},
		{"a feature that is an array", `{"type":"FeatureCollection","features":[[]]}`,
			"features[0]", "object is expected", route.ErrMalformed},
		{"no type", `{"coordinates":[[6,46]]}`, "", `no "type"`, route.ErrMalformed},
		{"type is a number", `{"type":7}`, "", `no "type"`, route.ErrMalformed},
		{"unknown type", `{"type":"Topology"}`, "", `type "Topology"`, route.ErrMalformed},
		{"unknown geometry", `{"type":"Feature","geometry":{"type":"Circle"}}`, "",
			"no points: geometry: an object of unknown type Circle", route.ErrNoPoints},
		{"endless type", `{"type":"` + strings.Repeat("x", 1<<20) + `"}`, "",
			"unknown GeoJSON type", route.ErrMalformed},
		{"geometry is a string", feature(`"x"`), at, "object is expected", route.ErrMalformed},
		{"features is no array", `{"type":"FeatureCollection","features":{}}`, "features",
			"array is expected", route.ErrMalformed},
		{"coordinate missing", line(`[7]`), at + ".coordinates[1]", "1 of 2", route.ErrMalformed},
		{"coordinate null", line(`[7,null]`), at + ".coordinates[1][1]", "null is not",
			route.ErrMalformed},
		{"coordinate too large for a float", line(`[1e999,45]`), at + ".coordinates[1][0]", "1e999",
			route.ErrMalformed},
		{"position is a number", line(`7`), at + ".coordinates[1]", "array is expected",
			route.ErrMalformed},
		{"longitude out of range", line(`[190,45]`), at + ".coordinates[1]", "write -170 instead",
			route.ErrMalformed},
		{"latitude out of range", line(`[7,91]`), at + ".coordinates[1]", "latitude 91",
			route.ErrMalformed},
		{"swapped", line(`[45,120]`), at + ".coordinates[1]", "swapped", route.ErrMalformed},
		{"second of several lines",
			feature(`{"type":"MultiLineString","coordinates":[[[6,46]],[[7,91]]]}`),
			at + ".coordinates[1][0]", "latitude", route.ErrMalformed},
		{"nothing at all", `{"type":"FeatureCollection","features":[]}`, "", "no points",
			route.ErrNoPoints},
		{"nothing that has a place", `{"type":"Feature","geometry":null}`, "",
			"no points: geometry: a feature without a geometry", route.ErrNoPoints},
		{"polygon",
			`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[6,46],[7,46],[7,47],[6,46]]]}}`, "geometry", "--region", route.ErrIsRegion},
		{"in metres",
			`{"type":"LineString","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"coordinates":[[6,46],[7,45]]}`, "crs", "EPSG::3857", route.ErrMalformed},
		{"nested without end", strings.Repeat(`{"type":"GeometryCollection","geometries":[`, 50) +
			strings.Repeat("]}", 50), "", "nested", route.ErrMalformed},
		{"nested beyond the parser", strings.Repeat(`{"a":`, 1<<18), "", "malformed",
			route.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			_, _, err := route.Read(path)
			e, ok := errors.AsType[*route.Error](err)
			if !ok || !errors.Is(err, tt.kind) {
				t.Fatalf("error %v is not a *route.Error that wraps %v", err, tt.kind)
			}
			if e.File != path || tt.place != "" && e.Place != tt.place {
				t.Errorf("the error names %q, place %q; want place %q", e.File, e.Place, tt.place)
			}
			if text := err.Error(); !strings.Contains(text, tt.problem) ||
				!strings.HasPrefix(text, path+": ") || len(text) > len(path)+400 {
				t.Errorf("error %q does not start with the file or lacks %q", text, tt.problem)
			}
		})
	}
}

func TestReadRegion(t *testing.T) {
	square := orb.Polygon{{{6, 46}, {7, 46}, {7, 47}, {6, 47}, {6, 46}}}
	hole := orb.Ring{{6.4, 46.4}, {6.6, 46.4}, {6.5, 46.6}, {6.4, 46.4}}
	const ring = `[[6,46],[7,46],[7,47],[6,47],[6,46]]`
	for _, tt := range []struct {
		name, text string
		want       orb.MultiPolygon
	}{
		{"polygon", `{"type":"Polygon","coordinates":[` + ring + `]}`, orb.MultiPolygon{square}},
		{"left open", `{"type":"Polygon","coordinates":[[[6,46],[7,46],[7,47],[6,47]]]}`,
			orb.MultiPolygon{square}},
		{"with a hole", `{"type":"Polygon","coordinates":[` + ring +
			`,[[6.4,46.4],[6.6,46.4],[6.5,46.6],[6.4,46.4]]]}`,
			orb.MultiPolygon{{square[0], hole}}},
		{"several",
			`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"MultiPolygon","coordinates":[[` + ring + `],[` + ring + `]]}}]}`,
			orb.MultiPolygon{square, square}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := route.ReadRegion(write(t, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRegionErrors(t *testing.T) {
	for _, tt := range []struct {
		name, text, place, problem string
		kind                       error
	}{
		{"empty", "", "", "empty", route.ErrNoPoints},
		{"not JSON", "hello", "", "neither GeoJSON nor KML", route.ErrUnknownFormat},
		{"line",
			`{"type":"Feature","geometry":{"type":"LineString","coordinates":[[6,46],[7,45]]}}`,
			"geometry", "--route", route.ErrIsRoute},
		{"point", `{"type":"Point","coordinates":[6,46]}`, "", "--route", route.ErrIsRoute},
		{"two corners", `{"type":"Polygon","coordinates":[[[6,46],[7,46],[6,46]]]}`, "",
			"encloses nothing", route.ErrNoPoints},
		{"no ring", `{"type":"Polygon","coordinates":[]}`, "", "without an outer ring",
			route.ErrNoPoints},
		{"corner out of range", `{"type":"MultiPolygon","coordinates":[[[[6,46],[7,96],[6,47]]]]}`,
			"coordinates[0][0][1]", "latitude 96", route.ErrMalformed},
		{"nothing", `{"type":"FeatureCollection","features":[]}`, "", "no polygons",
			route.ErrNoPoints},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := route.ReadRegion(write(t, tt.text))
			e, ok := errors.AsType[*route.Error](err)
			if !ok || !errors.Is(err, tt.kind) || e.Place != tt.place ||
				!strings.Contains(err.Error(), tt.problem) {
				t.Errorf("error %v; want one that wraps %v, at %q, with %q", err, tt.kind, tt.place,
					tt.problem)
			}
		})
	}
}
