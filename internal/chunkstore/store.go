// Package chunkstore keeps chunks as they were fetched, in a standard MBTiles file for each
// provider.
package chunkstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options tune a Store.
type Options struct {
	// MaxBytes bounds the file; the least recently used chunks are evicted. 0: 10 GB.
	MaxBytes int64
	// Name and Attribution are the provider's, shown when the file is opened in a map viewer.
	Name, Attribution string
	// TilePx is the side of the provider's tiles. 0: 256.
	TilePx int
	// UntilWhole drops chunks as soon as their texture is reported whole.
	UntilWhole bool
}

const (
	defaultBytes = 10e9
	commitBytes  = 4 << 20
	commitEvery  = time.Second
	// Of chunks that are kept only until their texture is whole most need not be written at all, if
	// that is not done at once. What a crash costs is asked for again.
	wholeBytes = 16 << 20
	wholeEvery = 5 * time.Second
	// queueBytes bounds the bytes waiting to be written. Beyond it chunks are not stored: fetching
	// never waits for the store.
	queueBytes = 32 << 20
)

// Store keeps chunks as they were fetched, in a standard MBTiles file, so that an interrupted
// texture, another format or other settings need no second download. Safe for concurrent use, also
// by several processes. Reads write nothing: uses are recorded with the next transaction.
type Store struct {
	db         *sql.DB
	max        int64
	tilePx     int
	untilWhole bool
	known      *sql.Stmt // what the file knows of a chunk

	mu      sync.Mutex
	pending map[tiles.Chunk]stored // not yet written
	writing map[tiles.Chunk]stored // being written
	used    map[tiles.Chunk]bool   // used since the last transaction
	written map[tiles.Chunk]bool   // all that the file holds; nil: not known
	bytes   int64                  // of pending and writing
	err     error                  // the latest error that prevented a write

	wake chan struct{}
	stop chan struct{}
	done sync.WaitGroup
}

// stored is the state of a chunk: its body, or that there is none, or that it must be forgotten.
type stored struct {
	body []byte
	gone bool
}

// cost is about what it takes in memory.
func (s stored) cost() int64 { return int64(len(s.body)) + 64 }

// Open opens or creates the store at path. The caller must Close it.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	db, err := openFile(ctx, path)
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx,
		`INSERT OR REPLACE INTO metadata VALUES ('name', ?), ('attribution', ?)`, o.Name,
		o.Attribution); err != nil {
		return nil, fmt.Errorf("chunk store %s: %w", path, errors.Join(err, db.Close()))
	}
	s := &Store{
		db: db, max: o.MaxBytes, tilePx: max(o.TilePx,
			tiles.ChunkPixels), untilWhole: o.UntilWhole, pending: map[tiles.Chunk]stored{},
		used: map[tiles.Chunk]bool{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	if s.max <= 0 {
		s.max = defaultBytes
	}
	if err := s.look(ctx); err != nil {
		return nil, fmt.Errorf("chunk store %s: %w", path, errors.Join(err, db.Close()))
	}
	s.done.Go(func() { s.write(context.WithoutCancel(ctx)) })
	return s, nil
}

// look prepares what is asked of the file for every chunk, and finds out whether it holds anything.
func (s *Store) look(ctx context.Context) (err error) {
	if s.known, err = s.db.PrepareContext(ctx, `SELECT CASE WHEN length(tile_data) <= ?4 THEN tile_data ELSE X'' END, NULL FROM tiles
			WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3
		UNION ALL SELECT NULL, found FROM missing WHERE zoom_level = ?1 AND tile_column = ?2 AND tile_row = ?3`); err != nil {
		return err
	}
	if !s.untilWhole {
		return nil
	}
	var holds bool
	err = s.db.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM tiles) OR EXISTS (SELECT 1 FROM missing)`).Scan(&holds)
	if !holds {
		s.written = map[tiles.Chunk]bool{}
	}
	return err
}

// get returns c's body, fetch.ErrNoImagery if the provider had none less than maxAge ago, or an
// error that means that nothing is known.
func (s *Store) get(ctx context.Context, c tiles.Chunk, maxAge time.Duration) ([]byte, error) {
	s.mu.Lock()
	entry, ok := s.pending[c]
	if !ok {
		entry, ok = s.writing[c]
	}
	unwritten := s.written != nil && !s.written[c]
	s.mu.Unlock()
	switch {
	case ok && entry.gone:
		return nil, chunkfile.ErrNone
	case ok && entry.body == nil:
		return nil, fetch.ErrNoImagery
	case ok:
		return bytes.Clone(entry.body), nil
	case unwritten:
		return nil, chunkfile.ErrNone
	}
	var body []byte
	var found sql.NullInt64
	// A body longer than any picture is not read into memory. It is not worth the goroutines that
	// watch a context: readers of the file never wait for its writer.
	err := s.known.QueryRowContext(context.WithoutCancel(ctx), c.Z, c.X, chunkfile.Row(c),
		chunkfile.MaxBody(s.tilePx)).Scan(&body, &found)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, chunkfile.ErrNone
	case err != nil:
		return nil, err
	case found.Valid && time.Since(time.Unix(found.Int64, 0)) > maxAge:
		return nil, chunkfile.ErrNone
	case found.Valid:
		return nil, fetch.ErrNoImagery
	}
	s.mu.Lock()
	s.used[c] = true
	s.mu.Unlock()
	return body, nil
}

// put queues an entry for c. It does not wait; body must not change any more.
func (s *Store) put(c tiles.Chunk, entry stored) {
	s.mu.Lock()
	if entry.gone {
		if before, ok := s.pending[c]; ok {
			s.bytes -= before.cost()
			delete(s.pending, c)
		}
	}
	_, writing := s.writing[c]
	switch {
	case entry.gone && s.written != nil && !s.written[c] && !writing: // it never came to the file
	case s.bytes < queueBytes || entry.gone:
		s.bytes += entry.cost()
		s.pending[c] = entry
	}
	full := s.bytes >= commitBytes && (!s.untilWhole || s.bytes >= wholeBytes)
	s.mu.Unlock()
	if full {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Close writes queued entries and closes the file. The error says what could not be stored; the
// file is valid nevertheless.
func (s *Store) Close() error {
	close(s.stop)
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.err, s.known.Close(), s.db.Close())
}
