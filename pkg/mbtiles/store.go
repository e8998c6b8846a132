package mbtiles

import (
	"context"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// store is the writing goroutine's access to the tables, inside the transaction of its batch.
type store struct {
	c        *sqlite.Conn
	contents contents.Writer
	derived  bool // there are overviews and fills, which the next texture makes stale
	copied   bool // the .part is still an unchanged copy of the archive at its path
}

// put writes a texture, replacing the one of the same key, and its preview. It returns how many
// bytes of segments it wrote.
func (s *store) put(ctx context.Context, r Record, content *Content) (int64, error) {
	s.copied = false
	if err := s.dropDerived(ctx); err != nil {
		return 0, err
	}
	id, written, err := s.contents.Put(ctx, content.stored)
	if err != nil {
		return written, err
	}
	first := true // of those that share the square, in the order of their lower-case maptypes
	var old *twin
	twins, err := s.twins(ctx, r.Texture)
	if err != nil {
		return written, err
	}
	for _, t := range twins {
		if t.key == r.Key() {
			old = &t
		} else if t.key.Maptype < r.Key().Maptype {
			first = false
		}
	}
	if old != nil {
		const remove = `DELETE FROM textures WHERE zl = ? AND row = ? AND col = ? AND maptype = ?`
		if err := s.c.Exec(ctx, remove, int(r.ZL), int64(r.Row), int64(r.Col),
			old.maptype); err != nil {
			return written, err
		}
	}
	if err := insertTexture(ctx, s.c, r, id); err != nil {
		return written, err
	}
	if old != nil && old.content != id {
		if err := s.contents.DropUnused(ctx, old.content); err != nil {
			return written, err
		}
	}
	if !first {
		return written, nil
	}
	return written, tables.WriteTile(ctx, s.c, preview.TileOf(r.Texture), content.stored.Preview)
}

// twin is a texture that covers the same square.
type twin struct {
	key     tiles.Key
	maptype string // as spelled
	content int64
}

func (s *store) twins(ctx context.Context, t tiles.Texture) (found []twin, err error) {
	const query = `SELECT maptype, content_id FROM textures WHERE zl = ? AND row = ? AND col = ?`
	err = s.c.Query(ctx, query, func(r *sqlite.Row) error {
		t.Maptype = r.Text(0)
		found = append(found, twin{key: t.Key(), maptype: t.Maptype, content: r.Int(1)})
		return nil
	}, int(t.ZL), int64(t.Row), int64(t.Col))
	return found, err
}

// dropDerived removes every preview that is not a texture's own, and everything else that an
// unfinished Finish has written.
func (s *store) dropDerived(ctx context.Context) error {
	if !s.derived {
		return nil
	}
	s.derived = false
	const remove = `DELETE FROM tiles WHERE NOT EXISTS (SELECT 1 FROM textures
		WHERE zl = zoom_level + 4 AND row = ((1 << zoom_level) - 1 - tile_row) * 16 AND col = tile_column * 16)`
	if err := s.c.Exec(ctx, remove); err != nil {
		return err
	}
	if err := s.building(ctx); err != nil {
		return err
	}
	if s.contents.Version > 1 { // what is changed is not what was signed
		for _, statement := range [...]string{`DELETE FROM tree`, `DELETE FROM signatures`} {
			if err := s.c.Exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	return s.c.Exec(ctx, `DELETE FROM metadata WHERE name = ?`, tables.KeyFinishing)
}

// building marks the archive as not complete.
func (s *store) building(ctx context.Context) error {
	if err := tables.PutMetadata(ctx, s.c,
		map[string]string{tables.KeyState: tables.StateBuilding}); err != nil {
		return err
	}
	return s.c.Exec(ctx, `DELETE FROM metadata WHERE name IN (?, ?)`, tables.KeyDigest,
		tables.KeyRoot)
}

// reopen turns a complete archive into one that is being finished, whose overviews are valid until
// a texture is added. It is a transaction of its own.
func (s *store) reopen(ctx context.Context) error {
	s.derived = true
	if err := s.c.Exec(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	if err := tables.PutMetadata(ctx, s.c,
		map[string]string{tables.KeyFinishing: "1"}); err != nil {
		return err
	}
	if err := s.building(ctx); err != nil {
		return err
	}
	return s.c.Exec(ctx, `COMMIT`)
}
