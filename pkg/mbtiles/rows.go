package mbtiles

import (
	"context"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
)

func insertContent(ctx context.Context, c *sqlite.Conn, id int64, sha [32]byte, l dds.Layout) error {
	return c.Exec(ctx, `INSERT INTO contents (id, sha256, format, side, levels, bytes) VALUES (?, ?, ?, ?, ?, ?)`,
		id, sha[:], int(l.Format), l.Side, l.Levels(), l.Size())
}

func insertTexture(ctx context.Context, c *sqlite.Conn, r Record, content int64) error {
	const insert = `INSERT INTO textures (zl, row, col, maptype, detail, content_id, chunks, overzoomed, missing, failed, provider)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	return c.Exec(ctx, insert, int(r.ZL), int64(r.Row), int64(r.Col), r.Maptype, int(r.Detail), content,
		r.Chunks, r.Overzoomed, r.Missing, r.Failed, joinProvider(r.Provider, r.Sources))
}

// readTile returns the JPEG of a tile, nil where there is none.
func readTile(ctx context.Context, c *sqlite.Conn, t preview.Tile) (jpeg []byte, err error) {
	const query = `SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`
	err = c.Query(ctx, query, func(r *sqlite.Row) error { jpeg = r.Blob(0); return nil }, int(t.Z), int64(t.X), t.TMS())
	return jpeg, err
}

func hasTile(ctx context.Context, c *sqlite.Conn, t preview.Tile) (bool, error) {
	n, err := c.Number(ctx, `SELECT count(*) FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`, int(t.Z), int64(t.X), t.TMS())
	return n > 0, err
}

func writeTile(ctx context.Context, c *sqlite.Conn, t preview.Tile, jpeg []byte) error {
	return c.Exec(ctx, `INSERT OR REPLACE INTO tiles (zoom_level, tile_column, tile_row, tile_data) VALUES (?, ?, ?, ?)`,
		int(t.Z), int64(t.X), t.TMS(), jpeg)
}
