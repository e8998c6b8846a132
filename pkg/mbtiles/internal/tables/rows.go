package tables

import (
	"context"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
)

// InsertContent adds a row of contents.
func InsertContent(ctx context.Context, c *sqlite.Conn, id int64, sha [32]byte,
	l dds.Layout) error {
	return c.Exec(ctx,
		`INSERT INTO contents (id, sha256, format, side, levels, bytes) VALUES (?, ?, ?, ?, ?, ?)`,
		id, sha[:], int(l.Format), l.Side, l.Levels(), l.Size())
}

// WriteStates adds the row of hashes of a content, or replaces it. A content of a single segment
// has none.
func WriteStates(ctx context.Context, c *sqlite.Conn, id int64, states []byte) error {
	if len(states) == 0 {
		return nil
	}
	return c.Exec(ctx, `INSERT OR REPLACE INTO hashes (id, states) VALUES (?, ?)`, id, states)
}

// ReadTile returns the JPEG of a tile, nil if there is none.
func ReadTile(ctx context.Context, c *sqlite.Conn, t preview.Tile) (jpeg []byte, err error) {
	const query = `SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`
	err = c.Query(ctx, query, func(r *sqlite.Row) error { jpeg = r.Blob(0); return nil }, int(t.Z),
		int64(t.X), t.TMS())
	return jpeg, err
}

// HasTile reports whether there is a tile.
func HasTile(ctx context.Context, c *sqlite.Conn, t preview.Tile) (bool, error) {
	n, err := c.Number(ctx,
		`SELECT count(*) FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`,
		int(t.Z), int64(t.X), t.TMS())
	return n > 0, err
}

// WriteTile adds a tile, or replaces it.
func WriteTile(ctx context.Context, c *sqlite.Conn, t preview.Tile, jpeg []byte) error {
	return c.Exec(ctx,
		`INSERT OR REPLACE INTO tiles (zoom_level, tile_column, tile_row, tile_data) VALUES (?, ?, ?, ?)`,
		int(t.Z), int64(t.X), t.TMS(), jpeg)
}
