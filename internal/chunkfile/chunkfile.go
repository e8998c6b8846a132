// Package chunkfile reads chunks of imagery from MBTiles files: the user's, and those of the chunk
// store.
package chunkfile

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
	_ "golang.org/x/image/webp"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// MaxBody is the longest body, in bytes, of a tile of side px that is read or kept: a typical one
// of 256 px has 15 KB, and no honest picture is much longer than its pixels.
func MaxBody(side int) int64 { return max(4<<20, int64(side)*int64(side)*5) }

// ErrNone means that a file does not know about a chunk.
var ErrNone = errors.New("not stored")

// Open opens an MBTiles file through the driver, with the given options in addition. SQL in the
// file is never executed.
func Open(path, options string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3",
		"file://"+(&url.URL{Path: filesys.URIPath(
			abs)}).EscapedPath()+"?_busy_timeout=10000&"+options)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4) // descriptors are scarce at `ulimit -n 256`
	db.SetMaxIdleConns(4)
	return db, nil
}

// Row returns MBTiles' y, which counts from the south.
func Row(c tiles.Chunk) int64 { return tiles.TMS(c.Z, int64(c.Y)) }

// Read returns the bytes of tile c, of side px, or ErrNone.
func Read(ctx context.Context, db *sql.DB, c tiles.Chunk, side int) ([]byte, error) {
	var body []byte
	// A body longer than any picture is not read into memory.
	err := db.QueryRowContext(ctx, `SELECT CASE WHEN length(tile_data) <= ? THEN tile_data ELSE X'' END FROM tiles
		WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`, MaxBody(side), c.Z, c.X, Row(c)).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNone
	}
	return body, err
}

// Info is a file's description of itself.
type Info struct {
	MinZL, MaxZL tiles.ZL // of its tiles
	Side         int      // of a tile of it, in px
	Attribution  string
}

// Describe reads the description of the file at path, and returns its absolute path too.
func Describe(path string) (abs string, info Info, err error) {
	if _, err := os.Stat(path); err != nil {
		return "", Info{}, err
	}
	if abs, err = filepath.Abs(path); err != nil {
		return "", Info{}, err
	}
	db, err := Open(abs, "mode=ro")
	if err != nil {
		return "", Info{}, err
	}
	defer func() { _ = db.Close() }()
	var low, high sql.NullInt64
	if err := db.QueryRow(`SELECT min(zoom_level), max(zoom_level) FROM tiles`).Scan(&low,
		&high); err != nil {
		return "", Info{}, fmt.Errorf("not an MBTiles file: %w", err)
	}
	if !high.Valid || low.Int64 < 0 || high.Int64 > int64(tiles.MaxZL) {
		return "", Info{}, errors.New("it has no tiles of usual zoom levels")
	}
	info.MinZL, info.MaxZL = tiles.ZL(low.Int64), tiles.ZL(high.Int64)
	var format string
	if err := db.QueryRow(`SELECT value FROM metadata WHERE name = 'format'`).Scan(
		&format); err == nil && format == "pbf" {
		return "", Info{}, errors.New("it has vector tiles, not pictures")
	}
	var body []byte
	if err := db.QueryRow(`SELECT tile_data FROM tiles WHERE length(tile_data) <= ? LIMIT 1`,
		MaxBody(tiles.ChunkPixels)).Scan(&body); err == nil {
		if picture, _, err := image.DecodeConfig(bytes.NewReader(body)); err == nil {
			info.Side = picture.Width
		}
	}
	// Without an attribution there is none to pass on.
	_ = db.QueryRow(`SELECT value FROM metadata WHERE name = 'attribution'`).Scan(&info.Attribution)
	return abs, info, nil
}

// File reads tiles of Side px from the file at Path, which is opened on first use. The caller must
// Close it.
type File struct {
	Path string
	Side int

	once sync.Once
	db   *sql.DB
	err  error
}

// Read returns c's bytes, or ErrNone.
func (f *File) Read(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.once.Do(func() { f.db, f.err = Open(f.Path, "mode=ro") })
	if f.err != nil {
		return nil, f.err
	}
	body, err := Read(ctx, f.db, c, f.Side)
	switch {
	case err == nil, errors.Is(err, ErrNone):
		return body, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("read %s: %w", strconv.Quote(filepath.Base(f.Path)), err)
}

// Close closes the file, and prevents opening it later.
func (f *File) Close() error {
	f.once.Do(func() { f.err = os.ErrClosed })
	if f.db == nil {
		return nil
	}
	return f.db.Close()
}
