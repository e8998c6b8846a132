package mbtiles_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
)

// Whatever makes an archive, it is MBTiles 1.3 to whoever knows nothing else:
// https://github.com/mapbox/mbtiles-spec/blob/master/1.3/spec.md.
func TestConformance(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("copies and decodes many textures: for the full suite")
	}
	from := mbtiles.Build(t, map[string][]byte{"16_16_BI12": mbtiles.Noise(1), "16_32_BI12": mbtiles.Noise(2), "384_192_BI14": mbtiles.Noise(3)})
	to := mbtiles.Build(t, map[string][]byte{"16_16_BI12": mbtiles.Noise(4), "16_48_BI12": mbtiles.Noise(2)})
	merged := filepath.Join(t.TempDir(), "m.mbtiles")
	if _, err := combine.Merge(t.Context(), merged, []*mbtiles.Archive{from, mbtiles.Build(t, mbtiles.ContentsOf())}, combine.MergeOptions{}); err != nil {
		t.Fatal(err)
	}
	m := mbtiles.OpenAt(t, merged)
	patch := filepath.Join(t.TempDir(), "patch.mbtiles")
	if _, err := combine.WritePatch(t.Context(), patch, from, to, mbtiles.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(t.TempDir(), "gone.mbtiles") // a patch that has no textures
	if _, err := combine.WritePatch(t.Context(), gone, m, from, mbtiles.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"built": from.Path(), "merged": merged, "repacked": mbtiles.Repacked(t, m, mbtiles.CopyOptions{}).Path(), "patch": patch, "empty patch": gone} {
		t.Run(name, func(t *testing.T) { checkConformance(t, path) })
	}
}

func checkConformance(t *testing.T, path string) {
	t.Helper()
	c, err := sqlite.Dial(path, sqlite.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	number := func(query string) int64 {
		t.Helper()
		n, err := c.Number(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if id := number(`PRAGMA application_id`); id != 0x4d504258 {
		t.Errorf("application id %#x", id)
	}
	meta, err := mbtiles.MetadataOf(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range [...]string{"name", "format"} { // that must be there
		if meta[name] == "" {
			t.Errorf("no row %q", name)
		}
	}
	for name, form := range map[string]string{
		"format": `^jpg$`, "bounds": `^-?[0-9.]+,-?[0-9.]+,-?[0-9.]+,-?[0-9.]+$`, "center": `^-?[0-9.]+,-?[0-9.]+,[0-9]+$`,
		"minzoom": `^0$`, "maxzoom": `^[0-9]+$`, "type": `^baselayer$`, "version": `^[0-9]+$`,
	} {
		if !regexp.MustCompile(form).MatchString(meta[name]) {
			t.Errorf("row %q is %q", name, meta[name])
		}
	}
	var b [4]float64
	for i, s := range strings.Split(meta["bounds"], ",") {
		if b[i], err = strconv.ParseFloat(s, 64); err != nil {
			t.Error(err)
		}
	}
	if b[0] < -180 || b[2] > 180 || b[0] >= b[2] || b[1] < -85.06 || b[3] > 85.06 || b[1] >= b[3] {
		t.Errorf("bounds %v", b)
	}
	tiles := number(`SELECT count(*) FROM tiles`)
	if number(`SELECT count(*) FROM textures`) == 0 {
		if tiles != 0 {
			t.Errorf("%d tiles of no textures", tiles)
		}
		return
	}
	if deepest := number(`SELECT max(zoom_level) FROM tiles`); fmt.Sprint(deepest) != meta["maxzoom"] {
		t.Errorf("maxzoom %s, and tiles down to %d", meta["maxzoom"], deepest)
	}
	if n := number(`SELECT count(*) FROM tiles WHERE zoom_level = 0`); n != 1 {
		t.Errorf("%d tiles for the whole world", n)
	}
	// Every tile has one above it: a viewer that zooms out loses nothing. Rows count from the
	// south, so halving them leads up as well.
	const orphans = `SELECT count(*) FROM tiles t WHERE zoom_level > 0 AND NOT EXISTS (SELECT 1 FROM tiles u
		WHERE u.zoom_level = t.zoom_level - 1 AND u.tile_column = t.tile_column / 2 AND u.tile_row = t.tile_row / 2)`
	if n := number(orphans); n != 0 {
		t.Errorf("%d tiles without one above", n)
	}
	const outside = `SELECT count(*) FROM tiles WHERE tile_column < 0 OR tile_column >= 1 << zoom_level OR tile_row < 0 OR tile_row >= 1 << zoom_level`
	if n := number(outside); n != 0 {
		t.Errorf("%d tiles outside of the world", n)
	}
	const previews = `SELECT count(*) FROM textures WHERE NOT EXISTS (SELECT 1 FROM tiles
		WHERE zoom_level = zl - 4 AND tile_column = col / 16 AND tile_row = (1 << (zl - 4)) - 1 - row / 16)`
	if n := number(previews); n != 0 {
		t.Errorf("%d textures without a tile in TMS order", n)
	}
	err = c.Query(t.Context(), `SELECT zoom_level, tile_data FROM tiles`, func(r *sqlite.Row) error {
		if jpeg := r.Blob(1); !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8, 0xff}) {
			t.Errorf("a tile at zoom %d is no JPEG", r.Int(0))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
