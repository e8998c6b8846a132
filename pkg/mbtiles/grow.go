package mbtiles

import (
	"context"
	"fmt"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Methods for an archive that grows and shrinks while it is read, such as a cache: its .part is
// open as an Archive beside the Writer.

// Flush returns when everything queued so far is committed, so that an Archive of path.part finds
// it.
func (w *Writer) Flush(ctx context.Context) error { return w.flush(ctx) }

// Remove queues the removal of textures, with the contents that no other texture has. Textures that
// the archive does not have are ignored.
func (w *Writer) Remove(ctx context.Context, keys ...tiles.Key) error {
	return w.enqueue(ctx, job{do: func(ctx context.Context) error {
		for _, k := range keys {
			if err := w.store.remove(ctx, k); err != nil {
				return err
			}
		}
		return nil
	}})
}

// Footprint returns the bytes in use of path.part once everything queued so far is committed. The
// file keeps the rest for later.
func (w *Writer) Footprint(ctx context.Context) (n int64, err error) {
	err = w.transact(ctx, func(ctx context.Context) error {
		const query = `SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size`
		n, err = w.store.c.Number(ctx, query)
		return err
	})
	return n, err
}

// Shrink frees some of the unused space beyond bytes, and reports whether there is more.
func (w *Writer) Shrink(ctx context.Context, bytes int64) (more bool, err error) {
	err = w.transact(ctx, func(ctx context.Context) error {
		const query = `SELECT CASE auto_vacuum WHEN 2 THEN min(freelist_count, page_count - ? / page_size) ELSE 0 END
			FROM pragma_auto_vacuum, pragma_page_count, pragma_freelist_count, pragma_page_size`
		pages, err := w.store.c.Number(ctx, query, bytes)
		if err != nil || pages <= 0 {
			return err
		}
		more = pages > shrinkPages
		return w.store.c.Exec(ctx,
			fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, min(pages, shrinkPages)))
	})
	if err == nil && !more {
		// The file shrinks when the log is written into it. If a reader prevents that, it happens
		// later, at Close at the latest.
		_ = w.own.Do(ctx, func(c *sqlite.Conn) error {
			return c.Exec(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
		})
	}
	return more, err
}

// shrinkPages is how many pages one call of Shrink frees: each one is at the end of the file, and
// its content moves.
const shrinkPages = 32 << 20 / sqlpages.PageSize

// Find looks k up in the file, where Lookup knows the content at Open.
func (a *Archive) Find(ctx context.Context, k tiles.Key) (e Entry, found bool, err error) {
	const query = `SELECT t.maptype, t.detail, t.content_id, c.format, c.side, c.levels, c.bytes
		FROM textures t JOIN contents c ON c.id = t.content_id WHERE t.zl = ? AND t.row = ? AND t.col = ?`
	err = a.reader.Conns.Do(ctx, func(c *sqlite.Conn) error {
		return c.Query(ctx, query, func(r *sqlite.Row) error {
			t := tiles.Texture{ZL: k.ZL, Row: k.Row, Col: k.Col, Maptype: r.Text(0)}
			if t.Key() != k {
				return nil
			}
			l, err := tables.LayoutOf(r.Int(3), r.Int(4), r.Int(5), r.Int(6))
			e, found = Entry{Texture: t, Detail: uint8(r.Int(1)), Layout: l,
				content: r.Int(2)}, err == nil
			return err
		}, int(k.ZL), int64(k.Row), int64(k.Col))
	})
	return e, found, explain(a.path, err)
}

// remove removes a texture. The preview of its square becomes that of the next maptype, if there is
// one.
func (s *store) remove(ctx context.Context, k tiles.Key) error {
	s.copied = false
	if err := s.dropDerived(ctx); err != nil {
		return err
	}
	square := tiles.Texture{ZL: k.ZL, Row: k.Row, Col: k.Col}
	twins, err := s.twins(ctx, square)
	if err != nil {
		return err
	}
	var gone, next *twin
	for _, t := range twins {
		if t.key == k {
			gone = &t
		} else if next == nil || t.key.Maptype < next.key.Maptype {
			next = &t
		}
	}
	if gone == nil {
		return nil
	}
	const remove = `DELETE FROM textures WHERE zl = ? AND row = ? AND col = ? AND maptype = ?`
	if err := s.c.Exec(ctx, remove, int(k.ZL), int64(k.Row), int64(k.Col),
		gone.maptype); err != nil {
		return err
	}
	if err := s.contents.DropUnused(ctx, gone.content); err != nil {
		return err
	}
	at := preview.TileOf(square)
	switch {
	case next == nil:
		return s.c.Exec(ctx,
			`DELETE FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`,
			int(at.Z), int64(at.X), at.TMS())
	case k.Maptype < next.key.Maptype:
		jpeg, err := contents.Preview(ctx, s.c, next.content)
		if err != nil {
			return err
		}
		return tables.WriteTile(ctx, s.c, at, jpeg)
	}
	return nil
}
