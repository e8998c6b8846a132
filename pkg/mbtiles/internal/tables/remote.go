package tables

import (
	"context"
	"errors"
	"math"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
)

// Bounds of what is fetched whole, in pages.
const (
	maxSchemaPages = 64
	maxTablePages  = 1 << 20 // those of 100 million textures
)

// Remote has the pages of tables fetched that are elsewhere, before SQLite reads them here.
type Remote struct {
	file  sqlpages.Wanter
	roots map[string]uint32 // root pages of tables and indexes, by name

	tiles, hashes, tree *sqlpages.Table // nil: it has none

	brought *lru.Cache[string, struct{}] // tables that are here whole
}

// NewRemote fetches nothing yet.
func NewRemote(file sqlpages.Wanter) *Remote {
	return &Remote{file: file, roots: make(map[string]uint32),
		brought: lru.New[string, struct{}](math.MaxInt64, nil)}
}

// Begin has fetched, into the file at path, what every archive is opened with.
func (r *Remote) Begin(ctx context.Context, path string) error {
	if err := r.file.Want(ctx, []sqlpages.Span{{Off: 0, Len: 100}}); err != nil {
		return err
	}
	h, err := sqlpages.ReadHeader(path)
	if err != nil {
		return err
	}
	if err := CheckHeader(h); err != nil {
		return err
	}
	if err := sqlpages.WantTree(ctx, r.file, 1, maxSchemaPages); err != nil {
		return DamagedTree(err, "sqlite_schema")
	}
	if err := r.readRoots(ctx, path); err != nil {
		return err
	}
	return r.Want(ctx, "metadata", "textures", "contents")
}

func (r *Remote) readRoots(ctx context.Context, path string) (err error) {
	c, err := sqlite.Dial(path, sqlite.Immutable)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return c.Query(ctx, `SELECT name, rootpage FROM sqlite_schema`, func(row *sqlite.Row) error {
		r.roots[row.Text(0)] = uint32(row.Int(1))
		return nil
	})
}

// DamagedTree makes an error of pages that do not form the table of that name one of damage.
func DamagedTree(err error, name string) error {
	if errors.Is(err, sqlpages.ErrLayout) {
		return sqlite.Corrupt("%s: %v", name, err)
	}
	return err
}

// Want has tables and indexes fetched whole.
func (r *Remote) Want(ctx context.Context, names ...string) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		root, ok := r.roots[name]
		if !ok {
			continue // what is missing of the format, Check says
		}
		g.Go(func() error {
			e, err := r.brought.Get(ctx, name, func() (struct{}, int64, error) {
				err := sqlpages.WantTree(ctx, r.file, root, maxTablePages)
				return struct{}{}, 1, DamagedTree(err, name)
			})
			if err == nil {
				r.brought.Release(e)
			}
			return err
		})
	}
	return g.Wait()
}

// Small returns all tables and indexes but those of segments and previews.
func (r *Remote) Small() []string {
	var names []string
	for name := range r.roots {
		if name != "segments" && name != "tiles" {
			names = append(names, name)
		}
	}
	return names
}

// Attach opens the tables of which single rows are wanted, in the file at path.
func (r *Remote) Attach(path string) error {
	for name, t := range map[string]**sqlpages.Table{"tiles": &r.tiles, "hashes": &r.hashes,
		"tree": &r.tree} {
		root, ok := r.roots[name]
		if !ok {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return sqlite.Bare(err)
		}
		if *t = sqlpages.NewTable(f, int64(root), 0); *t == nil {
			return errors.Join(sqlite.Corrupt("%s cannot be read by its pages", name), f.Close())
		}
	}
	return nil
}

// Close ends what Attach began. It does not close the file elsewhere.
func (r *Remote) Close() error {
	var errs []error
	for _, t := range [...]*sqlpages.Table{r.tiles, r.hashes, r.tree} {
		if t != nil {
			errs = append(errs, t.Close())
		}
	}
	return errors.Join(errs...)
}

// WantTile has a preview fetched.
func (r *Remote) WantTile(ctx context.Context, conns *sqlite.Pool, t preview.Tile) error {
	if err := r.Want(ctx, "sqlite_autoindex_tiles_1"); err != nil {
		return err
	}
	var row int64
	err := conns.Do(ctx, func(c *sqlite.Conn) (err error) { // only the index is read
		const query = `SELECT rowid FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`
		row, err = c.Number(ctx, query, int(t.Z), int64(t.X), t.TMS())
		return err
	})
	if err != nil || row == 0 {
		return err
	}
	return DamagedTree(r.tiles.Want(ctx, r.file, []int64{row}), "tiles")
}

// HashSpans returns where the rows of WantHashes and the way to them lie, and forgets them.
func (r *Remote) HashSpans(contents, blocks []int64) []sqlpages.Span {
	var spans []sqlpages.Span
	for t, ids := range map[*sqlpages.Table][]int64{r.hashes: contents, r.tree: blocks} {
		if t != nil {
			spans = append(spans, t.Forget(ids)...)
		}
	}
	return spans
}

// WantHashes has rows fetched that textures are compared with: hashes of contents, and blocks of
// the tree. Both ascend. With those of one texture come those beside it, which is wanted next.
func (r *Remote) WantHashes(ctx context.Context, contents, blocks []int64) error {
	file := r.file
	if len(contents) == 1 {
		file = around{file}
	}
	g, ctx := errgroup.WithContext(ctx)
	for t, ids := range map[*sqlpages.Table][]int64{r.hashes: contents, r.tree: blocks} {
		g.Go(func() error {
			return DamagedTree(t.Want(ctx, file, ids), "the tables of hashes")
		})
	}
	return g.Wait()
}

// around is a file of which more is fetched than is wanted: a request costs as much.
type around struct{ sqlpages.Wanter }

// aroundBytes is the unit in which it is fetched.
const aroundBytes = 64 << 10

// Want implements sqlpages.Wanter.
func (f around) Want(ctx context.Context, spans []sqlpages.Span) error {
	if sqlpages.OnlyAtHand(ctx) || f.Wanter.Want(sqlpages.AtHand(ctx), spans) == nil {
		return f.Wanter.Want(ctx, spans)
	}
	wide := make([]sqlpages.Span, len(spans))
	for i, s := range spans {
		from := s.Off &^ (aroundBytes - 1)
		to := (s.Off + s.Len + aroundBytes - 1) &^ (aroundBytes - 1)
		wide[i] = sqlpages.Span{Off: from, Len: to - from}
	}
	return f.Wanter.Want(ctx, wide)
}
