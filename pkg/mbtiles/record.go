package mbtiles

import (
	"context"
	"fmt"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Record is everything that the archive records about a texture.
type Record struct {
	tiles.Texture
	Detail     uint8      // built from chunks at ZL-Detail
	Layout     dds.Layout // of its content
	SHA256     [32]byte   // of the whole DDS file
	Chunks     int        // number of chunks
	Overzoomed int        // chunks enlarged from a parent
	Missing    int        // chunks without imagery
	Failed     int        // chunks that failed after retries: a hole to be repaired
	Provider   string
	// how many chunks are of each source of Provider, as terms.Use; empty if it is no mosaic
	Sources string
	// the days on which its pictures were taken, as far as the provider tells
	Captured terms.Days
}

// valid returns what the archive would refuse about r, except its content.
func (r Record) valid() error {
	if err := r.Texture.Valid(); err != nil {
		return err
	}
	if r.Detail > tiles.MaxDetail {
		return fmt.Errorf("detail %d must be between 0 and %d", r.Detail, tiles.MaxDetail)
	}
	for _, n := range [...]int{r.Chunks, r.Overzoomed, r.Missing, r.Failed} {
		if n < 0 || n > tiles.TextureChunks*tiles.TextureChunks {
			return fmt.Errorf("count of chunks %d must be between 0 and %d", n,
				tiles.TextureChunks*tiles.TextureChunks)
		}
	}
	if r.Sources != "" {
		if _, err := terms.ParseUse(r.Sources); err != nil {
			return fmt.Errorf("sources %q: %w", r.Sources, err)
		}
	}
	return nil
}

const recordColumns = `t.zl, t.row, t.col, t.maptype, t.detail, c.format, c.side, c.levels, c.bytes, c.sha256, t.chunks, t.overzoomed, t.missing, t.failed, t.provider`

// selectRecords finds all textures.
const selectRecords = `SELECT ` + recordColumns +
	` FROM textures t JOIN contents c ON c.id = t.content_id`

// selectRecord finds the textures of one square.
const selectRecord = selectRecords + ` WHERE t.zl = ? AND t.row = ? AND t.col = ?`

// scanRecord reads recordColumns.
func scanRecord(r *sqlite.Row) (Record, error) {
	rec := Record{
		Texture: tiles.Texture{ZL: tiles.ZL(r.Int(0)), Row: uint32(r.Int(1)), Col: uint32(r.Int(2)),
			Maptype: r.Text(3)},
		Detail: uint8(r.Int(4)),
		Chunks: int(r.Int(10)), Overzoomed: int(r.Int(11)), Missing: int(r.Int(12)),
		Failed: int(r.Int(13)),
	}
	rec.Provider, rec.Sources, rec.Captured = tables.SplitProvider(r.Text(14))
	var err error
	if rec.Layout, err = tables.LayoutOf(r.Int(5), r.Int(6), r.Int(7), r.Int(8)); err != nil {
		return rec, corrupt("texture %s: %v", rec.Texture, err)
	}
	if copy(rec.SHA256[:], r.Blob(9)) != len(rec.SHA256) {
		return rec, corrupt("texture %s: its SHA-256 has the wrong length", rec.Texture)
	}
	if err := rec.valid(); err != nil {
		return rec, corrupt("texture %s: %v", rec.Texture, err)
	}
	return rec, nil
}

func insertTexture(ctx context.Context, c *sqlite.Conn, r Record, content int64) error {
	const insert = `INSERT INTO textures (zl, row, col, maptype, detail, content_id, chunks, overzoomed, missing, failed, provider)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	return c.Exec(ctx, insert, int(r.ZL), int64(r.Row), int64(r.Col), r.Maptype, int(r.Detail),
		content, r.Chunks, r.Overzoomed, r.Missing, r.Failed, tables.JoinProvider(r.Provider, r.Sources, r.Captured))
}
