package mbtiles

import (
	"fmt"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Record is all that the archive says about one texture.
type Record struct {
	tiles.Texture
	Detail     uint8      // built from chunks at ZL-Detail
	Layout     dds.Layout // of its content
	SHA256     [32]byte   // of the whole DDS file
	Chunks     int        // that it is built from
	Overzoomed int        // of them enlarged from a parent
	Missing    int        // of them without imagery
	Failed     int        // of them failed after retries: a hole to be repaired
	Provider   string
}

// valid says what the archive would refuse about r, its content aside.
func (r Record) valid() error {
	if err := r.Texture.Valid(); err != nil {
		return err
	}
	if r.Detail > tiles.MaxDetail {
		return fmt.Errorf("detail %d is not in 0 to %d", r.Detail, tiles.MaxDetail)
	}
	for _, n := range [...]int{r.Chunks, r.Overzoomed, r.Missing, r.Failed} {
		if n < 0 || n > tiles.TextureChunks*tiles.TextureChunks {
			return fmt.Errorf("count of chunks %d is not in 0 to %d", n, tiles.TextureChunks*tiles.TextureChunks)
		}
	}
	return nil
}

const recordColumns = `t.zl, t.row, t.col, t.maptype, t.detail, c.format, c.side, c.levels, c.bytes, c.sha256, t.chunks, t.overzoomed, t.missing, t.failed, t.provider`

// selectRecord finds the textures of one square.
const selectRecord = `SELECT ` + recordColumns + ` FROM textures t JOIN contents c ON c.id = t.content_id WHERE t.zl = ? AND t.row = ? AND t.col = ?`

// scanRecord reads recordColumns.
func scanRecord(r *row) (Record, error) {
	rec := Record{
		Texture: tiles.Texture{ZL: tiles.ZL(r.int(0)), Row: uint32(r.int(1)), Col: uint32(r.int(2)), Maptype: r.text(3)},
		Detail:  uint8(r.int(4)),
		Chunks:  int(r.int(10)), Overzoomed: int(r.int(11)), Missing: int(r.int(12)), Failed: int(r.int(13)),
		Provider: r.text(14),
	}
	var err error
	if rec.Layout, err = layoutOf(r.int(5), r.int(6), r.int(7), r.int(8)); err != nil {
		return rec, corrupt("texture %s: %v", rec.Texture, err)
	}
	if copy(rec.SHA256[:], r.blob(9)) != len(rec.SHA256) {
		return rec, corrupt("texture %s: its SHA-256 has the wrong length", rec.Texture)
	}
	if err := rec.valid(); err != nil {
		return rec, corrupt("texture %s: %v", rec.Texture, err)
	}
	return rec, nil
}
