package fetch

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// ErrOffline: a chunk is not in the store, and the network must not be asked.
var ErrOffline = errors.New("not in the chunk store, and the network is off")

// StoreOptions tune a Store.
type StoreOptions struct {
	// MaxBytes bounds the file; what was used longest ago goes first. 0: 10 GB.
	MaxBytes int64
	// Name and Attribution are the provider's, for who opens the file in a map viewer.
	Name, Attribution string
	// UntilWhole drops chunks as soon as their texture is said to be whole.
	UntilWhole bool
}

const (
	defaultStoreBytes = 10e9
	storeCommitBytes  = 4 << 20
	storeCommitEvery  = time.Second
	// storeQueueBytes is what may wait to be written. Beyond it chunks are not stored: fetching never waits for the store.
	storeQueueBytes = 32 << 20
	// missingFor is how long the store's word counts that a provider has no imagery somewhere.
	missingFor = 30 * 24 * time.Hour
)

// Store keeps chunks as they were fetched, in a standard MBTiles file, so that an interrupted texture, another format or other settings need no second
// download. Safe for concurrent use, and for several processes at once. Reads write nothing: what was used is noted with the next transaction.
type Store struct {
	db         *sql.DB
	max        int64
	untilWhole bool

	mu      sync.Mutex
	pending map[tiles.Chunk]stored // not yet written
	writing map[tiles.Chunk]stored // being written
	used    map[tiles.Chunk]bool   // since the last transaction
	bytes   int64                  // of pending and writing
	err     error                  // the latest that kept something from being written

	wake chan struct{}
	stop chan struct{}
	done sync.WaitGroup
}

// stored is what is known of a chunk: its body, or that there is none, or that it must be forgotten.
type stored struct {
	body []byte
	gone bool
}

// OpenStore opens the store at path, or makes it. Close it.
func OpenStore(ctx context.Context, path string, o StoreOptions) (*Store, error) {
	db, err := openStoreFile(ctx, path)
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, `INSERT OR REPLACE INTO metadata VALUES ('name', ?), ('attribution', ?)`, o.Name, o.Attribution); err != nil {
		return nil, fmt.Errorf("chunk store %s: %w", path, errors.Join(err, db.Close()))
	}
	s := &Store{
		db: db, max: o.MaxBytes, untilWhole: o.UntilWhole, pending: map[tiles.Chunk]stored{}, used: map[tiles.Chunk]bool{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	if s.max <= 0 {
		s.max = defaultStoreBytes
	}
	s.done.Go(func() { s.write(context.WithoutCancel(ctx)) })
	return s, nil
}

// Get returns c's body, ErrNoImagery when the provider had none less than maxAge ago, or an error that says that nothing is known.
func (s *Store) Get(ctx context.Context, c tiles.Chunk, maxAge time.Duration) ([]byte, error) {
	s.mu.Lock()
	entry, ok := s.pending[c]
	if !ok {
		entry, ok = s.writing[c]
	}
	s.used[c] = true
	s.mu.Unlock()
	switch {
	case ok && entry.gone:
		return nil, errNotStored
	case ok && entry.body == nil:
		return nil, ErrNoImagery
	case ok:
		return bytes.Clone(entry.body), nil
	}
	body, err := chunkfile.Read(ctx, s.db, c)
	if !errors.Is(err, errNotStored) {
		return body, err
	}
	var found int64
	err = s.db.QueryRowContext(ctx, `SELECT found FROM missing WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`, c.Z, c.X, tileRow(c)).Scan(&found)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, errNotStored
	case err != nil:
		return nil, err
	case time.Since(time.Unix(found, 0)) > maxAge:
		return nil, errNotStored
	}
	return nil, ErrNoImagery
}

// put queues what is known of c. It does not wait; body must not change any more.
func (s *Store) put(c tiles.Chunk, entry stored) {
	const row = 64 // bytes that an entry costs without its body
	s.mu.Lock()
	if s.bytes < storeQueueBytes || entry.gone {
		s.bytes += int64(len(entry.body)) + row
		s.pending[c] = entry
	}
	full := s.bytes >= storeCommitBytes
	s.mu.Unlock()
	if full {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Close writes what is queued and closes the file. The error says what could not be stored; the file is valid nevertheless.
func (s *Store) Close() error {
	close(s.stop)
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.err, s.db.Close())
}

// Keeper is a Source that keeps what it fetched, perhaps only as long as it may be asked for again.
type Keeper interface {
	// Whole tells it that nothing of a texture's chunks has to be asked for again.
	Whole(chunks []tiles.Chunk)
}

// Source returns next with the store before it: what the store has is not asked for, what comes is kept. Without next, as in --offline, what the store
// lacks is ErrOffline. With askMissing, places without imagery are asked for again.
func (s *Store) Source(next Source, askMissing bool) Source {
	return &keeping{next: next, store: s, askMissing: askMissing}
}

// Forgetter is a Source that keeps what it fetched, and can be told that a body was no good after all.
type Forgetter interface {
	Forget(c tiles.Chunk)
}

type keeping struct {
	next       Source // nil: offline
	store      *Store
	askMissing bool
}

var (
	_ Source    = (*keeping)(nil)
	_ Forgetter = (*keeping)(nil)
	_ Keeper    = (*keeping)(nil)
)

func (k *keeping) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	maxAge := missingFor
	if k.next == nil {
		maxAge = 1 << 62
	} else if k.askMissing {
		maxAge = -1
	}
	body, err := k.store.Get(ctx, c, maxAge)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil && CheckImage(body) == nil: // the file may come from anyone
		return body, nil
	case errors.Is(err, ErrNoImagery):
		return nil, err
	case k.next == nil:
		return nil, fmt.Errorf("chunk %s: %w", c, ErrOffline)
	}
	body, err = k.next.Fetch(ctx, c)
	switch {
	case err == nil:
		k.store.put(c, stored{body: bytes.Clone(body)})
	case errors.Is(err, ErrNoImagery):
		k.store.put(c, stored{})
	}
	return body, err
}

// Forget implements Forgetter.
func (k *keeping) Forget(c tiles.Chunk) { k.store.put(c, stored{gone: true}) }

// Whole implements Keeper.
func (k *keeping) Whole(chunks []tiles.Chunk) {
	if !k.store.untilWhole {
		return
	}
	for _, c := range chunks {
		k.Forget(c)
	}
}
