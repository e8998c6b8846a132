package chunkstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
)

// setup prepares a connection to a new file: pages of twice the usual size, since a chunk has some
// 15 KB, take a quarter less of a processor to write, and 5 % more of the disk.
const setup = `
PRAGMA page_size=8192;
PRAGMA journal_mode=WAL;
PRAGMA journal_size_limit=16777216;
CREATE TABLE IF NOT EXISTS metadata(name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS tiles(zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB, PRIMARY KEY(zoom_level, tile_column, tile_row));
CREATE TABLE IF NOT EXISTS uses(zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, used INTEGER, PRIMARY KEY(zoom_level, tile_column, tile_row)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_by_time ON uses(used);
CREATE TABLE IF NOT EXISTS missing(zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, found INTEGER, PRIMARY KEY(zoom_level, tile_column, tile_row)) WITHOUT ROWID;
INSERT OR IGNORE INTO metadata VALUES ('type', 'baselayer'), ('version', '1'), ('format', 'jpg'), ('bounds', '-180,-85.0511,180,85.0511'),
	('description', 'chunks that xelpack has fetched; may be deleted at any time');
`

// openFile opens or creates a chunk store's file. If two processes create it at once, both succeed.
func openFile(ctx context.Context, path string) (*sql.DB, error) {
	db, err := chunkfile.Open(path,
		"mode=rwc&_auto_vacuum=incremental&_synchronous=NORMAL&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	const tries = 200 // as long as any other statement waits for another process
	for range tries {
		_, err = db.ExecContext(ctx, setup)
		// Changing to WAL does not wait for another process that is doing the same.
		if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "locked") {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	if err != nil {
		return nil, fmt.Errorf("chunk store %s: %w", path, errors.Join(err, db.Close()))
	}
	return db, nil
}
