package fetch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// errNotStored: the store knows nothing of a chunk.
var errNotStored = chunkfile.ErrNone

func tileRow(c tiles.Chunk) int64 { return chunkfile.Row(c) }

const storeSchema = `
CREATE TABLE IF NOT EXISTS metadata(name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS tiles(zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB, PRIMARY KEY(zoom_level, tile_column, tile_row));
CREATE TABLE IF NOT EXISTS uses(zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, used INTEGER, PRIMARY KEY(zoom_level, tile_column, tile_row)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_by_time ON uses(used);
CREATE TABLE IF NOT EXISTS missing(zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, found INTEGER, PRIMARY KEY(zoom_level, tile_column, tile_row)) WITHOUT ROWID;
INSERT OR IGNORE INTO metadata VALUES ('type', 'baselayer'), ('version', '1'), ('format', 'jpg'), ('bounds', '-180,-85.0511,180,85.0511'),
	('description', 'chunks that xelpack has fetched; may be deleted at any time');
`

// openStoreFile opens or makes a chunk store's file. Two processes that make it at once both succeed.
func openStoreFile(ctx context.Context, path string) (*sql.DB, error) {
	db, err := chunkfile.Open(path, "mode=rwc&_auto_vacuum=incremental&_journal_mode=WAL&_synchronous=NORMAL&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	const tries = 50
	for i := range tries {
		if _, err = db.ExecContext(ctx, "PRAGMA journal_size_limit=16777216;"+storeSchema); err == nil || ctx.Err() != nil {
			break
		}
		// Changing to WAL does not wait for another process that is doing the same.
		if i < tries-1 && !strings.Contains(err.Error(), "locked") {
			break
		}
		if sleep(ctx, 50*time.Millisecond) != nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("chunk store %s: %w", path, errors.Join(err, db.Close()))
	}
	return db, nil
}
