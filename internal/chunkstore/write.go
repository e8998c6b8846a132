package chunkstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// write commits queued entries until the store is closed.
func (s *Store) write(ctx context.Context) {
	every := commitEvery
	if s.untilWhole {
		every = wholeEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for open := true; open; {
		select {
		case <-tick.C:
		case <-s.wake:
		case <-s.stop:
			open = false
		}
		s.mu.Lock()
		s.writing, s.pending = s.pending, map[tiles.Chunk]stored{}
		used := s.used
		taken := s.bytes
		// Uses alone are worth a transaction only at the end, or if there are many.
		if len(s.writing) > 0 || !open || len(used) > 100_000 {
			s.used = map[tiles.Chunk]bool{}
		} else {
			used = nil
		}
		s.mu.Unlock()
		if len(s.writing) == 0 && len(used) == 0 {
			continue
		}
		err := s.commit(ctx, used, !open)
		s.mu.Lock()
		for c, entry := range s.writing {
			switch {
			case s.written == nil:
			case entry.gone && err == nil:
				delete(s.written, c)
			default:
				s.written[c] = true
			}
		}
		s.writing = nil
		s.bytes -= taken
		if err != nil {
			s.err = err
		}
		s.mu.Unlock()
	}
}

// commit writes s.writing, which only this goroutine changes, records uses, and makes room. The
// last commit also frees unneeded disk space.
func (s *Store) commit(ctx context.Context, used map[tiles.Chunk]bool, last bool) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	now := time.Now().Unix()
	// Each is prepared once: that takes longer than to write a chunk.
	st, err := prepare(ctx, tx)
	if err != nil {
		return err
	}
	for c, entry := range s.writing {
		if err := st.write(c, entry, now); err != nil {
			return err
		}
	}
	for c := range used {
		if _, err := st.use.Exec(now, c.Z, c.X, chunkfile.Row(c)); err != nil {
			return err
		}
	}
	if err := describe(tx, s.writing); err != nil {
		return err
	}
	if err := s.evict(tx, st); err != nil {
		return err
	}
	if last && s.untilWhole {
		if err := vacuum(tx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// statements are those of a transaction, which closes them.
type statements struct {
	// a chunk, that there is none, its first use and a later one
	tile, lack, first, use            *sql.Stmt
	forgetTile, forgetUse, forgetLack *sql.Stmt
}

func prepare(ctx context.Context, tx *sql.Tx) (*statements, error) {
	const at = ` WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`
	var st statements
	var errs []error
	for query, to := range map[string]**sql.Stmt{
		`INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)`:   &st.tile,
		`INSERT OR REPLACE INTO missing VALUES (?, ?, ?, ?)`: &st.lack,
		`INSERT OR REPLACE INTO uses VALUES (?, ?, ?, ?)`:    &st.first,
		`UPDATE uses SET used = ?` + at:                      &st.use,
		`DELETE FROM tiles` + at:                             &st.forgetTile,
		`DELETE FROM uses` + at:                              &st.forgetUse,
		`DELETE FROM missing` + at:                           &st.forgetLack,
	} {
		var err error
		*to, err = tx.PrepareContext(ctx, query)
		errs = append(errs, err)
	}
	return &st, errors.Join(errs...)
}

func (st *statements) write(c tiles.Chunk, entry stored, now int64) error {
	where := []any{c.Z, c.X, chunkfile.Row(c)}
	switch {
	case entry.gone:
		return errors.Join(st.drop(where), run(st.forgetLack, where...))
	case entry.body == nil:
		return errors.Join(st.drop(where), run(st.lack, append(where, now)...))
	}
	return errors.Join(run(st.tile, append(where, entry.body)...),
		run(st.first, append(where, now)...), run(st.forgetLack, where...))
}

// drop removes a chunk.
func (st *statements) drop(where []any) error {
	return errors.Join(run(st.forgetTile, where...), run(st.forgetUse, where...))
}

func run(st *sql.Stmt, args ...any) error {
	_, err := st.Exec(args...)
	return err
}

// describe updates the metadata: the zoom levels, and the format of pictures that are not JPEG.
func describe(tx *sql.Tx, written map[tiles.Chunk]stored) error {
	written = maps.Clone(written)
	maps.DeleteFunc(written, func(_ tiles.Chunk, e stored) bool { return e.body == nil })
	if len(written) == 0 {
		return nil
	}
	chunks := slices.Collect(maps.Keys(written))
	low, high := chunks[0].Z, chunks[0].Z
	for _, c := range chunks {
		low, high = min(low, c.Z), max(high, c.Z)
	}
	format := "jpg"
	switch body := written[chunks[0]].body; {
	case len(body) > 0 && body[0] == 'R':
		format = "webp"
	case !fetch.IsJPEG(body):
		format = "png"
	}
	_, err := tx.Exec(`INSERT OR REPLACE INTO metadata VALUES
		('minzoom', min(?, coalesce((SELECT CAST(value AS INTEGER) FROM metadata WHERE name = 'minzoom'), 99))),
		('maxzoom', max(?, coalesce((SELECT CAST(value AS INTEGER) FROM metadata WHERE name = 'maxzoom'), 0))),
		('format', ?)`, low, high, format)
	return err
}

// usualChunk is about the size of a chunk in the file.
const usualChunk = 16 << 10

// evict drops the least recently used chunks until the file's used pages are within the bound.
func (s *Store) evict(tx *sql.Tx, st *statements) error {
	size, free, err := pages(tx)
	if err != nil || size-free <= s.max {
		return err
	}
	for target := s.max - s.max/20; size-free > target; {
		oldest, err := leastUsed(tx, min(256, 1+(size-free-target)/usualChunk))
		if err != nil {
			return err
		}
		if len(oldest) == 0 {
			break
		}
		for _, where := range oldest {
			if err := st.drop(where); err != nil {
				return err
			}
		}
		if size, free, err = pages(tx); err != nil {
			return err
		}
	}
	if free > s.max/4 { // the bound was lowered: free the disk space
		return vacuum(tx)
	}
	return nil
}

// vacuum frees unused pages: one with every step of the statement, so it is read to its end.
func vacuum(tx *sql.Tx) error {
	rows, err := tx.Query(`PRAGMA incremental_vacuum`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// pages returns the bytes of the file's pages, and of the free ones among them.
func pages(tx *sql.Tx) (size, free int64, err error) {
	err = tx.QueryRow(
		`SELECT page_count * page_size, freelist_count * page_size FROM pragma_page_count, pragma_page_size, pragma_freelist_count`).Scan(&size, &free)
	return size, free, err
}

func leastUsed(tx *sql.Tx, most int64) (where [][]any, err error) {
	rows, err := tx.Query(
		`SELECT zoom_level, tile_column, tile_row FROM uses ORDER BY used LIMIT ?`, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var z, x, y int64
		if err := rows.Scan(&z, &x, &y); err != nil {
			return nil, err
		}
		where = append(where, []any{z, x, y})
	}
	return where, rows.Err()
}
