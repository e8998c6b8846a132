package contents

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// SHA returns what the archive says is the hash of a content's file.
func SHA(ctx context.Context, c *sqlite.Conn, id int64) (sha [sha256.Size]byte, err error) {
	n := 0
	err = c.Query(ctx, `SELECT sha256 FROM contents WHERE id = ?`,
		func(r *sqlite.Row) error { n = copy(sha[:], r.Blob(0)); return nil }, id)
	if err == nil && n != len(sha) {
		err = sqlite.Corrupt("its SHA-256 has the wrong length")
	}
	return sha, err
}

// SumsOf returns what the archive, of a format that has hashes, says are the sums of a content's
// file.
func SumsOf(ctx context.Context, c *sqlite.Conn, id int64, l dds.Layout) (s segment.Sums,
	err error) {
	if s.SHA, err = SHA(ctx, c, id); err != nil {
		return s, err
	}
	err = c.Query(ctx, `SELECT states FROM hashes WHERE id = ?`,
		func(r *sqlite.Row) error { s.States = r.Blob(0); return nil }, id)
	if want := segment.CutOf(l).StatesLen(); err == nil && len(s.States) != want {
		err = sqlite.Corrupt("its hashes take %d bytes (want %d)", len(s.States), want)
	}
	return s, err
}

// take returns a content as it is stored. Its segments lie in memory, which grows as needed. Unless
// quick, for which the sums must be complete, they are decoded and compared with the SHA-256.
func (r *Reader) take(ctx context.Context, id int64, l dds.Layout, want segment.Sums,
	memory *[]byte, quick bool) (*Stored, error) {
	cut := segment.CutOf(l)
	s := &Stored{Layout: l, Sums: want, Segments: make([]segment.Stored, cut.Segments)}
	*memory = slices.Grow(*memory, int(cut.Size)) // it must not move under what lies in it
	for n := range s.Segments {
		var err error
		if s.Segments[n], err = r.stored(ctx, cut.Piece(id, n), memory); err != nil {
			return nil, err
		}
		s.Bytes += int64(len(s.Segments[n].Data))
	}
	hash := segment.NewHash(l)
	level := preview.LevelOf(l, preview.Side)
	at, length := l.Level(level)
	for n, seg := range s.Segments {
		off, size := cut.Bounds(n)
		shown := at >= off && at+length <= off+int64(size)
		if quick && !shown {
			continue
		}
		buf := r.Decoded.Buffers.Get(size)
		err := decode(r.Decoder, seg, cut.Piece(id, n), buf)
		if err == nil {
			if !quick {
				hash.Add(buf)
			}
			if shown {
				s.Preview, err = preview.OfLevel(l, level, buf[at-off:][:length])
			}
		}
		r.Decoded.Buffers.Put(buf)
		if err != nil {
			return nil, err
		}
	}
	if quick {
		return s, nil
	}
	if s.Sums = hash.Sums(); s.SHA != want.SHA {
		return nil, sqlite.Corrupt("its bytes do not match its hash")
	}
	return s, nil
}

// ReadFile reads the whole file of a content into memory.
func (r *Reader) ReadFile(ctx context.Context, id int64, l dds.Layout, memory *[]byte) error {
	*memory = slices.Grow((*memory)[:0], int(l.Size()))[:l.Size()]
	_, err := r.ReadAt(ctx, id, l, nil, *memory, 0)
	return err
}

// Sums decodes a content and computes its sums.
func (r *Reader) Sums(ctx context.Context, id int64, l dds.Layout) (segment.Sums, error) {
	cut := segment.CutOf(l)
	hash := segment.NewHash(l)
	for n := range cut.Segments {
		p := cut.Piece(id, n)
		buf := r.Decoded.Buffers.Get(p.Length)
		err := r.decoded(ctx, p, buf)
		if err == nil {
			hash.Add(buf)
		}
		r.Decoded.Buffers.Put(buf)
		if err != nil {
			return segment.Sums{}, err
		}
	}
	return hash.Sums(), nil
}

// Preview draws that of a content, whose last segment has the level that it shows.
func Preview(ctx context.Context, c *sqlite.Conn, id int64) ([]byte, error) {
	var l dds.Layout
	err := c.Query(ctx, `SELECT format, side, levels, bytes FROM contents WHERE id = ?`,
		func(r *sqlite.Row) (err error) {
			l, err = tables.LayoutOf(r.Int(0), r.Int(1), r.Int(2), r.Int(3))
			return err
		}, id)
	if err != nil {
		return nil, err
	}
	cut := segment.CutOf(l)
	start, _ := cut.Bounds(cut.Segments - 1)
	last := cut.Piece(id, cut.Segments-1)
	d, err := segment.NewDecoder()
	if err != nil {
		return nil, err
	}
	data := make([]byte, last.Length)
	if err := load(ctx, c, d, last, data); err != nil {
		return nil, err
	}
	level := preview.LevelOf(l, preview.Side)
	at, size := l.Level(level)
	return preview.OfLevel(l, level, data[at-start:][:size])
}
