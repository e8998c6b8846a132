//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/testing/drill"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/sharetest"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// mosaicSquare is the south-west corner of the drill's textures.
var mosaicSquare = orb.Point{5.01, 43.21}

// mosaicBox holds across×down textures at ZL16, and where its columns lie.
func mosaicBox(across, down uint32) (bbox string, column func(float64) float64) {
	corner := tiles.At(mosaicSquare, 16, "XP")
	last := corner
	last.Col += (across - 1) * tiles.TextureChunks
	last.Row -= (down - 1) * tiles.TextureChunks
	sw, ne := corner.Box(), last.Box()
	const in = 1e-4
	bbox = fmt.Sprintf("%.6f,%.6f,%.6f,%.6f", sw.West+in, sw.South+in, ne.East-in, ne.North-in)
	return bbox, func(n float64) float64 { return sw.West + n*(sw.East-sw.West) }
}

func zone(provider string, west, east float64) map[string]any {
	return map[string]any{
		"type": "Feature", "properties": map[string]any{"provider": provider, "ramp": 150},
		"geometry": orbPolygon(orb.Ring{{west, 40}, {east, 40}, {east, 50}, {west, 50}, {west, 40}}),
	}
}

func orbPolygon(ring orb.Ring) map[string]any {
	return map[string]any{"type": "Polygon", "coordinates": []orb.Ring{ring}}
}

// TestDrillMosaicSourceDies: of a mosaic of three sources one dies in the middle of a build. What
// was to come from it is a hole, and all else is as it would have been: never the poorer source
// without a word. Repaired, the archive equals one that was never disturbed.
func TestDrillMosaicSourceDies(t *testing.T) {
	drill.SkipIfShort(t)
	across, down := drill.Scale[uint32](20, 3), drill.Scale[uint32](20, 2) // 102,400 chunks, or 1,536
	bbox, column := mosaicBox(across, down)
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv(testCache, filepath.Join(dir, "cache"))

	// Borders through the middle of textures and of chunks, and more of each source than of the next.
	first, second := column(float64(across)*0.55), column(float64(across)*0.85)
	upper := &dying{t: t, options: fetchtest.Options{Image: farmland()}, after: int64(across*down) * 40}
	upper.start()
	middle, base := farmServer(t), fetchtest.NewServer(fetchtest.Options{Image: fetchtest.Repeat(tiles.Chunk{Z: 12, X: 2104, Y: 1496}, 3, fetch.Sample())})
	t.Cleanup(base.Close)
	toml := ""
	for id, template := range map[string]string{"upper": upper.server.Template(), "middle": middle.Template(), "base": base.Template()} {
		toml += fmt.Sprintf("[[provider]]\nid = %q\ntemplate = %q\nlicence = \"CC0\"\nmax_zl = 18\n", id, template)
	}
	zones, _ := json.Marshal(map[string]any{"type": "FeatureCollection", "features": []any{zone("upper", 0, first), zone("middle", 0, second)}})
	for name, text := range map[string][]byte{"xelpack/providers.toml": []byte(toml), "zones.geojson": zones} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := func(file string, more ...string) []string {
		return append([]string{
			"build", "--bbox", bbox, "--provider", "base", "--provider-map", filepath.Join(dir, "zones.geojson"), "--maptype", "XP", "-o", file, "--json", "--no-store",
			"--retries", "1", "--patience", drill.Scale("30s", "2s"),
		}, more...)
	}

	disturbed := filepath.Join(dir, "disturbed.mbtiles")
	r, stderr, code := runCommand(t.Context(), t, args(disturbed)...)
	if code != exitHoles {
		t.Fatalf("code %d, want %d; %+v: %s", code, exitHoles, r, stderr)
	}
	upper.revive()
	clean := filepath.Join(dir, "clean.mbtiles")
	upper.after = 1 << 40
	if r, stderr, code := runCommand(t.Context(), t, args(clean)...); code != exitDone {
		t.Fatalf("undisturbed: code %d, %+v: %s", code, r, stderr)
	}

	was, is := mosaicRecords(t, clean), mosaicRecords(t, disturbed)
	if len(was) != int(across*down) || len(is) != len(was) {
		t.Fatalf("%d and %d textures, want %d", len(was), len(is), across*down)
	}
	holes, equal := 0, 0
	for key, want := range was {
		got := is[key]
		use, err := terms.ParseUse(want.Sources)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case got.Failed == 0 && got.SHA256 != want.SHA256:
			t.Errorf("%v has no hole, but is another than without the fault: %s, %s", key, got.Sources, want.Sources)
		case got.Failed > use["upper"]:
			t.Errorf("%v has %d holes, and only %d chunks are of the source that died", key, got.Failed, use["upper"])
		case got.Failed > 0:
			holes++
		default:
			equal++
		}
	}
	if holes == 0 || equal == 0 {
		t.Errorf("%d textures with holes, %d without: want some of both", holes, equal)
	}
	r, stderr, code = runCommand(t.Context(), t, args(disturbed)...)
	if code != exitDone {
		t.Fatalf("the resume: code %d, %+v: %s", code, r, stderr)
	}
	same := sharetest.Digest(t, disturbed) == sharetest.Digest(t, clean)
	if !same {
		t.Error("the finished archive differs from an undisturbed one")
	}
	drill.Row(t, fmt.Sprintf("mosaic of three, one dies: %d chunks", across*down*256), "holes where it was wanted, all else equal; a resume that finishes",
		fmt.Sprintf("%d textures with holes, %d equal; resumed: equal %t", holes, equal, same), same)
}

func mosaicRecords(t *testing.T, file string) map[tiles.Key]mbtiles.Record {
	t.Helper()
	a, err := mbtiles.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	records := map[tiles.Key]mbtiles.Record{}
	for e := range a.All() {
		r, err := a.Record(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		records[r.Key()] = r
	}
	return records
}
