package providers

import (
	"bytes"
	"image"
	"image/png"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/chunkfile"
)

// TestMBTilesOfLargeTiles: the size of a file's tiles is found in it, and its zoom levels are meant
// in chunks.
func TestMBTilesOfLargeTiles(t *testing.T) {
	for px, want := range map[int]Provider{
		256: {TilePx: 256, MinZL: 9, MaxZL: 9},
		512: {TilePx: 512, MinZL: 10, MaxZL: 10},
		300: {TilePx: 256, MinZL: 9, MaxZL: 9}, // whoever reads a tile says what is wrong
	} {
		var tile bytes.Buffer
		if err := png.Encode(&tile, image.NewGray(image.Rect(0, 0, px, px))); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "a.mbtiles")
		db, err := chunkfile.Open(file, "mode=rwc")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`CREATE TABLE tiles(zoom_level, tile_column, tile_row, tile_data); CREATE TABLE metadata(name, value); INSERT INTO tiles VALUES (9, 1, 1, ?)`, tile.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		p, err := Lookup("mbtiles:" + file)
		if err != nil || p.TilePx != want.TilePx || p.MinZL != want.MinZL || p.MaxZL != want.MaxZL {
			t.Errorf("%d px: %d px, ZL%d to %d (%v), want %+v", px, p.TilePx, p.MinZL, p.MaxZL, err, want)
		}
	}
}
