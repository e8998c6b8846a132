package fetch

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// mbtilesPrefix starts the Template of a provider that is an MBTiles file.
const mbtilesPrefix = "mbtiles:"

// mbtilesProvider describes the MBTiles file at path by what it says of itself.
func mbtilesProvider(path string) (Provider, error) {
	fail := func(err error) (Provider, error) {
		return Provider{}, fmt.Errorf("%w: %s%s: %w", ErrUnknownProvider, mbtilesPrefix, path, err)
	}
	if _, err := os.Stat(path); err != nil {
		return fail(err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	db, err := openTiles(abs, "mode=ro")
	if err != nil {
		return fail(err)
	}
	defer db.Close()
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	p := Provider{
		ID: "mbtiles-" + strings.ToLower(name), Code: BareCode, Name: name, Template: mbtilesPrefix + abs,
		Coverage: "what the file holds", Licence: "unknown",
	}
	var low, high sql.NullInt64
	if err := db.QueryRow(`SELECT min(zoom_level), max(zoom_level) FROM tiles`).Scan(&low, &high); err != nil {
		return fail(fmt.Errorf("not an MBTiles file: %w", err))
	}
	if !high.Valid || low.Int64 < 0 || high.Int64 > int64(tiles.MaxZL) {
		return fail(errors.New("it holds no tiles of usual zoom levels"))
	}
	p.MinZL, p.MaxZL = tiles.ZL(low.Int64), tiles.ZL(high.Int64)
	var format string
	if err := db.QueryRow(`SELECT value FROM metadata WHERE name = 'format'`).Scan(&format); err == nil && format == "pbf" {
		return fail(errors.New("it holds vector tiles, not pictures"))
	}
	// Without it there is none to pass on.
	_ = db.QueryRow(`SELECT value FROM metadata WHERE name = 'attribution'`).Scan(&p.Attribution)
	return p, nil
}

// mbtilesSource reads chunks from an MBTiles file, opened when the first is wanted.
type mbtilesSource struct {
	path string
	once sync.Once
	db   *sql.DB
	err  error
}

var _ Source = (*mbtilesSource)(nil)

func (s *mbtilesSource) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.once.Do(func() { s.db, s.err = openTiles(s.path, "mode=ro") })
	if s.err != nil {
		return nil, s.err
	}
	body, err := readTile(ctx, s.db, c)
	switch {
	case errors.Is(err, errNotStored):
		return nil, ErrNoImagery
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", strconv.Quote(filepath.Base(s.path)), err)
	}
	return body, nil
}

func (s *mbtilesSource) close() error {
	s.once.Do(func() {})
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}
