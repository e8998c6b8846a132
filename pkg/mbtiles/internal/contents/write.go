package contents

import (
	"context"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// Writer writes and removes contents, within transactions of whoever has the connection.
type Writer struct {
	Conn    *sqlite.Conn
	Version int   // of the format; an archive of version 1 stays one
	Next    int64 // id of the next content
	// contents to be written again when they come, though their hash is known
	Damaged map[int64]bool
}

// Put returns the id of s, and writes it unless the archive has the same file already.
func (w *Writer) Put(ctx context.Context, s *Stored) (id, written int64, err error) {
	id, err = w.Conn.Number(ctx, `SELECT id FROM contents WHERE sha256 = ?`, s.SHA[:])
	if err != nil {
		return id, 0, err
	}
	if id != 0 {
		if w.Damaged[id] {
			written, err = w.rewrite(ctx, id, s)
		}
		return id, written, err
	}
	id = w.Next
	if id > tables.MaxContentID {
		return 0, 0, sqlite.Corrupt("content %d is the last one possible", id-1)
	}
	w.Next++
	if err := tables.InsertContent(ctx, w.Conn, id, s.SHA, s.Layout); err != nil {
		return 0, 0, err
	}
	written, err = w.segments(ctx, id, s)
	return id, written, err
}

// segments writes the segments of s, which is content id.
func (w *Writer) segments(ctx context.Context, id int64, s *Stored) (written int64, err error) {
	for n, seg := range s.Segments {
		err := w.Conn.Exec(ctx, `INSERT INTO segments (id, codec, data) VALUES (?, ?, ?)`,
			segment.ID(id, n), seg.Codec, seg.Data)
		if err != nil {
			return written, err
		}
		written += int64(len(seg.Data))
	}
	if w.Version == 1 {
		return written, nil
	}
	return written + int64(len(s.States)), tables.WriteStates(ctx, w.Conn, id, s.States)
}

// rewrite writes the segments of a content again.
func (w *Writer) rewrite(ctx context.Context, id int64, s *Stored) (written int64, err error) {
	if err := w.dropSegments(ctx, id); err != nil {
		return 0, err
	}
	delete(w.Damaged, id)
	return w.segments(ctx, id, s)
}

// DropUnused removes a content that no texture has any more.
func (w *Writer) DropUnused(ctx context.Context, id int64) error {
	users, err := w.Conn.Number(ctx, `SELECT count(*) FROM textures WHERE content_id = ?`, id)
	if err != nil || users > 0 {
		return err
	}
	if err := w.dropSegments(ctx, id); err != nil {
		return err
	}
	return w.Conn.Exec(ctx, `DELETE FROM contents WHERE id = ?`, id)
}

// dropSegments removes the segments of a content and their hashew.
func (w *Writer) dropSegments(ctx context.Context, id int64) error {
	err := w.Conn.Exec(ctx, `DELETE FROM segments WHERE id BETWEEN ? AND ?`, segment.ID(id, 0),
		segment.ID(id, 255))
	if err == nil && w.Version > 1 {
		err = w.Conn.Exec(ctx, `DELETE FROM hashes WHERE id = ?`, id)
	}
	return err
}
