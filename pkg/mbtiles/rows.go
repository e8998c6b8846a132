package mbtiles

import (
	"context"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
)

func insertContent(ctx context.Context, c *sqlite.Conn, id int64, sha [32]byte, l dds.Layout) error {
	return c.Exec(ctx, `INSERT INTO contents (id, sha256, format, side, levels, bytes) VALUES (?, ?, ?, ?, ?, ?)`,
		id, sha[:], int(l.Format), l.Side, l.Levels(), l.Size())
}

func insertTexture(ctx context.Context, c *sqlite.Conn, r Record, content int64) error {
	const insert = `INSERT INTO textures (zl, row, col, maptype, detail, content_id, chunks, overzoomed, missing, failed, provider)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	return c.Exec(ctx, insert, int(r.ZL), int64(r.Row), int64(r.Col), r.Maptype, int(r.Detail), content,
		r.Chunks, r.Overzoomed, r.Missing, r.Failed, r.Provider)
}
