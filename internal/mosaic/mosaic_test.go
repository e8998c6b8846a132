package mosaic

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/area"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// files writes files into a folder of their own and returns it.
func files(t *testing.T, list map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range list {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func finder(t *testing.T, dir string) *Finder {
	t.Helper()
	known, err := providers.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Load(known, dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// greyPNG is a mask, a row a line: "." is black, "#" white, "+" in the middle.
func greyPNG(t *testing.T, rows ...string) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, len(rows[0]), len(rows)))
	for y, row := range rows {
		for x, r := range row {
			img.SetGray(x, y, color.Gray{map[rune]uint8{'.': 0, '#': 255, '+': 128}[r]})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const layText = "grid_type=webmercator\nurl_template=https://example.org/%/{zoom}/{x}/{y}.jpg\n"

func lay(name string) string { return strings.ReplaceAll(layText, "%", name) }

// chunkAt is that of z that holds a point.
func chunkAt(lon, lat float64, z tiles.ZL) tiles.Chunk {
	return square(tiles.At(orb.Point{lon, lat}, z+4, "X"))
}

func weightAt(t *testing.T, a area.Area, lon, lat float64) uint8 {
	t.Helper()
	if a == nil {
		return 255
	}
	var w area.Weights
	a.Weigh(chunkAt(lon, lat, 20), &w)
	return w[128*256+128] // a chunk of z20 is 38 m wide
}

func TestComb(t *testing.T) {
	tree := map[string]string{
		"Providers/FR/IGN.lay": lay("ign") + "color_filters=Warm\nextent=France\n",
		"Providers/FR/Sea.lay": lay("sea"),
		"Providers/Both.comb": "# layer extent filter priority\nIGN default default " +
			"high\r\nSea Coast D20C10 medium\nBI global none low\n",
		"Extents/LowRes/France.ext": "mask_bounds=6,43,8,45\nmask_widht=9\nmask_width=50\n",
		"Extents/LowRes/France.png": greyPNG(t, "#.", "#."),
		"Extents/HighRes/Coast.ext": "# metres\nmask_bounds=667916.9,5311971.8,890555.9,5621521.5\nepsg_code=EPSG:3857\n",
		"Extents/HighRes/Coast.png": greyPNG(t, "##", "##"),
		"Filters/Warm.flt":          "saturation 20\nblur 2\n",
	}
	dir := files(t, tree)
	p, err := finder(t, t.TempDir()).Lookup(filepath.Join(dir, "Providers", "Both.comb"))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID, Filter string
		Priority   area.Priority
		Lone       bool
	}
	var got []row
	for _, l := range p.Layers {
		got = append(got, row{l.ID, l.Filter.String(), l.Priority, l.Lone})
	}
	want := []row{{"ign", "saturation 20", area.High, true},
		{"sea", "brightness-contrast -20 10", area.Medium, true}, {"bing", "", area.Low, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.ID != "both" || p.Code != "Both" || p.MaxZL != tiles.MaxZL {
		t.Errorf("%s, %s, ZL%d", p.ID, p.Code, p.MaxZL)
	}
	notes := []string{
		"line 2: France.ext: line 2: unknown key mask_widht (did you mean mask_width?)",
		"line 2: France.ext: mask_width has no effect on the mask, which is drawn already",
		"ign: color_filters=Warm: line 2: blur is not applied: it would look at the pixels around",
	}
	if diff := cmp.Diff(notes, p.Notes); diff != "" {
		t.Error(diff)
	}
	for _, at := range []struct {
		lon, lat float64
		want     uint8
	}{{6.3, 44, 255}, {7.8, 44, 0}, {7, 44, 128}, {5.9, 44, 0}} {
		if w := weightAt(t, p.Layers[0].Area, at.lon, at.lat); max(w, at.want)-min(w, at.want) > 1 {
			t.Errorf("France at %v,%v weighs %d, want %d", at.lat, at.lon, w, at.want)
		}
	}
	if w := weightAt(t, p.Layers[1].Area, 7, 44); w != 255 {
		t.Errorf("Coast weighs %d in its middle", w)
	}
	if p.Layers[2].Area != nil {
		t.Error("global is not everywhere")
	}
}

func TestCombRefused(t *testing.T) {
	for line, want := range map[string]string{
		"IGN global none": "line 1: invalid layer (want four words: layer, extent, filter, " +
			"priority",
		"IGN global none top": `line 1 (IGN): unknown priority "top" (want high, medium or low)`,
		"\nIGN global none mask": "line 2 (IGN): priority mask: it needs water masks, which " +
			"xelpack does not have: remove the line",
		"IGN !France none high": "line 1 (IGN): extent !France: " +
			"the outside of an extent is not supported",
		"IGN Spain none high": "line 1 (IGN): extent Spain: there is no Spain.ext in the " +
			"folder Extents of",
		"IGN Lambert none high": "Lambert.ext: unknown epsg_code=2154",
		"IGN Wrong none high":   "Wrong.ext: mask_bounds=6,43,8 (want lonmin,latmin,lonmax,latmax",
		"IGN Bare none high":    "line 1 (IGN): extent Bare: ",
		"IGN Dir none high":     "Dir.ext: is a directory",
		"IGN Case none high": "Case.ext: no mask_bounds (want lonmin,latmin,lonmax,latmax) " +
			"(Case.ext: line 1: unknown key Mask_Bounds (did you mean mask_bounds?))",
		"IGN Metres none high":    "mask_bounds=6,43,8,45: degrees, but epsg_code=EPSG:3857 is in metres",
		"IGN global Sepia high":   `line 1 (IGN): filter "Sepia": want L or D and two digits`,
		"IGN global Bad high":     "Bad.flt: line 1: saturation lots",
		"Nobody global none high": `line 1 (Nobody): unknown provider "Nobody"`,
		"# nothing\n":             "it has no layer",
	} {
		dir := files(t, map[string]string{
			"Providers/FR/IGN.lay": lay("ign"), "Providers/X.comb": line,
			"Extents/A/Lambert.ext": "mask_bounds=1,2,3,4\nepsg_code=2154\n",
			"Extents/A/Wrong.ext":   "mask_bounds=6,43,8\n",
			"Extents/A/Bare.ext":    "mask_bounds=6,43,8,45\n",
			"Extents/A/Dir.ext/a":   "",
			"Extents/A/Case.ext":    "Mask_Bounds=6,43,8,45\n",
			"Extents/A/Metres.ext":  "mask_bounds=6,43,8,45\nepsg_code=EPSG:3857\n",
			"Filters/Bad.flt":       "saturation lots",
		})
		file := filepath.Join(dir, "Providers", "X.comb")
		_, err := finder(t, t.TempDir()).Lookup(file)
		want = strings.ReplaceAll(want, "saturation lots", `saturation: "lots" is not a number`)
		if err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), file) {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

// The outline that Ortho4XP draws masks from: pieces of ways in any direction, and a hole.
func TestReadOSM(t *testing.T) {
	const text = `<osm>
<node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="4"/><node id="3" lat="4" lon="4"/><node id="4" lat="4" lon="0"/>
<node id="5" lat="1" lon="1"/><node id="6" lat="1" lon="2"/><node id="7" lat="2" lon="2"/>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/></way>
<way id="11"><nd ref="1"/><nd ref="4"/><nd ref="3"/></way>
<way id="12"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="5"/></way>
<relation id="1"><member type="way" ref="10" role="outer"/><member type="way" ref="11" role="outer"/><member type="way" ref="12" role="inner"/><member type="node" ref="1"/></relation>
</osm>`
	got, err := readOSM(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := orb.MultiPolygon{{
		{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}},
		{{1, 1}, {2, 1}, {2, 2}, {1, 1}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for bad, want := range map[string]string{
		"":     "it has no ring",
		"<osm": "invalid OpenStreetMap XML",
		`<osm><way id="1"><nd ref="9"/></way></osm>`: "way 1: node 9 is not in the file before it",
		`<osm><node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="4"/><way id="1"><nd ref="1"/><nd ref="2"/></way></osm>`: "its ways do not form closed rings",
	} {
		if _, err := readOSM(strings.NewReader(bad)); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

// The ramp of a drawn extent: whole to the border moved by the buffer, nothing a mask's width
// beyond, and the square of the way between.
func TestDrawnExtentRamp(t *testing.T) {
	a, err := area.NewOutline(orb.MultiPolygon{{{{6, 45}, {7, 45}, {7, 46}, {6, 46}, {6, 45}}}},
		area.Edge{Buffer: 500, Ramp: 2000, Square: true})
	if err != nil {
		t.Fatal(err)
	}
	perMetre := 1 / (111195.08 * 0.70092) // of longitude at 45.5 north
	for metres, want := range map[float64]float64{-100: 255, 400: 255, 500: 255, 1500: 255 * 0.25,
		2000: 255 * 0.0625, 2600: 0} {
		if w := float64(weightAt(t, a, 7+metres*perMetre, 45.5)); w < want-6 || w > want+6 {
			t.Errorf("%v m outside it weighs %v, want %v", metres, w, want)
		}
	}
}

func TestPainted(t *testing.T) {
	dir := files(t, map[string]string{
		"map.json":     `{"version": 1, "cells": {"46,6": "USGS", "46,7": "usgs", "-1,-1": "EOX"}}`,
		"version.json": `{"version": 2, "cells": {}}`,
		"corner.json":  `{"version": 1, "cells": {"46.5,6": "BI"}}`,
		"nobody.json":  `{"version": 1, "cells": {"46,6": "BI", "47,6": "YNDX"}}`,
		"other.json":   `[1]`,
		"comma.json":   "{\"version\": 1, \"cells\": {\"46,6\": \"BI\",\n}}",
		"twice.json":   `{"version": 1, "cells": {"46,6": "EOX", "46, 06": "USGS"}}`,
		"empty.json":   `{"version": 1, "cells": {"46,6": null}}`,
		"list.json":    `{"version": 1, "cells": ["46,6"]}`,
	})
	f := finder(t, dir)
	p, err := f.Lookup(filepath.Join(dir, "map.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		lon, lat float64
		want     string
	}{{6.5, 46.5, "usgs"}, {7, 46.5, "usgs"}, {7.9, 46.9, "usgs"}, {8.1, 46.5, "bing"}, {-0.5, -0.5,
		"eox"}, {0.5, -0.5, "bing"}} {
		if got := At(p, orb.Point{at.lon, at.lat}).ID; got != at.want {
			t.Errorf("at %v,%v it is %s, want %s", at.lat, at.lon, got, at.want)
		}
	}
	for name, want := range map[string]string{
		"version.json": `version 2: want AutoOrtho's painted map`,
		"corner.json":  `invalid cell "46.5,6" (want LAT,LON of its south-west corner in whole degrees)`,
		"nobody.json":  `cell "47,6": unknown provider "YNDX"`,
		"other.json":   "invalid AutoOrtho map",
		"comma.json":   "invalid AutoOrtho map: line 2: ",
		"twice.json":   `cell "46, 06": it is painted twice, EOX and USGS`,
		"empty.json":   `cell "46,6": want a maptype in quotes`,
		"list.json":    "cells must be a JSON object",
	} {
		if _, err := f.Lookup(filepath.Join(dir, name)); err == nil ||
			!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// Drawings as people's programs write them. The upper layers of what is read are counted.
func TestZones(t *testing.T) {
	const square = `{"type": "Polygon", "coordinates": [[[6,46],[7,46],[7,47],[6,47],[6,46]]]}`
	feature := func(geometry, more string) string {
		return `{"type": "Feature", "geometry": ` + geometry + `, "properties": {"provider": "eox"` +
			more + `}}`
	}
	all := func(features ...string) string {
		return `{"type": "FeatureCollection", "features": [` + strings.Join(features, ",\n") + `]}`
	}
	line := feature(`{"type": "LineString", "coordinates": [[6,46],[7,47]]}`, "")
	for name, c := range map[string]struct {
		text, says string
		layers     int
	}{
		"two":          {all(feature(square, ""), feature(square, "")), "", 2},
		"one feature":  {feature(square, ""), "", 1},
		"bare polygon": {square, `want GeoJSON features`, 0},
		"nested": {all(feature(`{"type": "GeometryCollection", "geometries": [{"type": `+
			`"GeometryCollection", "geometries": [`+square+`]}]}`, "")), "", 1},
		"a line beside": {all(line, feature(square, "")), "features[0].geometry: 1 shape left out", 1},
		"nothing there": {all(feature("null", ""), feature(square, "")), "without a geometry", 1},
		"only a line":   {all(line), "a line or point is a route", 0},
		"empty":         {all(), "no polygons", 0},
		"cut":           {all(feature(square, ""))[:80], "line 1, column 80", 0},
		"in metres": {`{"crs": {"properties": {"name": "EPSG:3857"}},` + all(feature(square, ""))[1:],
			"the coordinates are in EPSG:3857", 0},
		"provider twice": {all(feature(square, `, "provider": "usgs"`)),
			`feature 1: it has two properties "provider"`, 0},
		"ramp in quotes": {all(feature(square, `, "ramp": "9"`)), `feature 1: ramp "9": must be a`, 0},
		"filter":         {all(feature(square, `, "filter": 4`)), "feature 1: filter 4: must be text", 0},
		"nobody": {all(feature(square, ""), strings.Replace(feature(square, ""), "eox", "", 1)),
			`feature 2: it has no property "provider"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := files(t, map[string]string{"zones.geojson": c.text})
			f := finder(t, dir)
			base, err := f.Lookup("usgs")
			if err != nil {
				t.Fatal(err)
			}
			p, err := f.Zones(filepath.Join(dir, "zones.geojson"), base)
			if c.layers == 0 {
				if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v, want %s", err, c.says)
				}
				return
			}
			if err != nil || len(p.Layers) != c.layers+1 ||
				!strings.Contains(strings.Join(p.Notes, "\n"), c.says) {
				t.Errorf("%d layers, %q, %v", len(p.Layers), p.Notes, err)
			}
		})
	}
}

// The open mosaic: the smaller outline first, only what may be passed on, sold and changed, and a
// base with all the world.
func TestOpen(t *testing.T) {
	f := finder(t, t.TempDir())
	p, err := f.Lookup("Open")
	if err != nil {
		t.Fatal(err)
	}
	last := p.Layers[len(p.Layers)-1]
	if last.ID != "eox16" || last.Area != nil {
		t.Errorf("the base is %s", last.ID)
	}
	if !p.Terms.MayPassOn() || !mayJoin(p.Terms) {
		t.Errorf("terms %+v", p.Terms)
	}
	for _, l := range p.Layers {
		if !mayJoin(l.Terms) {
			t.Errorf("%s is in it: %+v", l.ID, l.Terms)
		}
	}
	for _, at := range []struct {
		place    string
		lat, lon float64
		want     string
	}{
		{"Geneva", 46.2, 6.14, "swissimage"}, {"Paris", 48.85, 2.35, "ign"},
		{"Nice", 43.7, 7.25, "ign"}, {"Munich", 48.14, 11.58, "by"},
		{"Amsterdam", 52.37, 4.9, "pdok"},
		{"Kansas", 38.5, -98, "naipnew"}, {"the Atlantic", 45, -30, "eox16"},
		{"London", 51.5, -0.1, "eox16"},
	} {
		if got := At(p, orb.Point{at.lon, at.lat}).ID; got != at.want {
			t.Errorf("%s: %s, want %s", at.place, got, at.want)
		}
	}
	for _, at := range []struct {
		lat, lon float64
		want     tiles.ZL
	}{{46.2, 6.14, 20}, {48.85, 2.35, 19}, {45, -30, 14}} {
		if got := Deepest(p, tiles.At(orb.Point{at.lon, at.lat}, 16, "OPEN")); got != at.want {
			t.Errorf("the deepest at %v,%v is ZL%d, want %d", at.lat, at.lon, got, at.want)
		}
	}
	again, err := f.Lookup("open")
	if err != nil || again.StoreName() != p.StoreName() {
		t.Errorf("looked up again it is another: %s, %s, %v", again.StoreName(), p.StoreName(), err)
	}
}

// A user's own template takes the place of a member's, where that has imagery and on its terms.
func TestOpenOfOwn(t *testing.T) {
	dir := files(t, map[string]string{
		"providers.toml": "[[provider]]\nid = \"ign\"\ntemplate = " +
			"\"http://127.0.0.1:1/{z}/{x}/{y}.jpg\"\nmax_zl = 18\n"})
	p, err := finder(t, dir).Lookup("open")
	if err != nil {
		t.Fatal(err)
	}
	if got := At(p, orb.Point{2.35, 48.85}); got.Template != "http://127.0.0.1:1/{z}/{x}/{y}.jpg" ||
		got.MaxZL != 18 {
		t.Errorf("Paris is of %s", got.Template)
	}
}
