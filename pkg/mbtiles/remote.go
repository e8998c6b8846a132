package mbtiles

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"os"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/merkle"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// Remote is a file elsewhere, of which parts are fetched into a sparse file here. *remote.File is
// one. Safe for concurrent use.
type Remote interface {
	contents.Remote
	Path() string   // of the sparse file
	String() string // the address, fit to be shown
	// Missing returns how many bytes of spans are not here yet.
	Missing(spans []sqlpages.Span) int64
	// Drop gives the disk back that spans take.
	Drop(spans []sqlpages.Span) error
	// Checked reports whether SetChecked was called since anything was dropped, in this process or
	// before.
	Checked() bool
	SetChecked() error
	Close() error
}

// maxTablePages bounds the pages of the tables that are fetched whole: those of 100 million
// textures.
const maxTablePages = 1 << 20

// OpenRemote opens a finished archive that is elsewhere, which the Archive then closes. Its tables
// are fetched; they must match the digest that it states. Nothing of a texture is given out before
// it was compared with its hash.
func OpenRemote(ctx context.Context, file Remote, o ReaderOptions) (*Archive, error) {
	a, err := openRemote(ctx, file, o.withDefaults())
	if errors.Is(err, ErrCorrupt) && ctx.Err() == nil {
		// It may have been changed on the way, or on the disk here.
		if err := file.Forget([]sqlpages.Span{{Off: 0, Len: 1 << 62}}); err != nil {
			return nil, errors.Join(explain(file.String(), err), file.Close())
		}
		a, err = openRemote(ctx, file, o.withDefaults())
	}
	if err != nil {
		return nil, errors.Join(explain(file.String(), err), file.Close())
	}
	a.path, a.owned = file.String(), file
	return a, nil
}

func openRemote(ctx context.Context, file Remote, o ReaderOptions) (*Archive, error) {
	r := newRemoteArchive(file)
	if err := file.Want(ctx, []sqlpages.Span{{Off: 0, Len: 100}}); err != nil {
		return nil, err
	}
	h, err := sqlpages.ReadHeader(file.Path())
	if err != nil {
		return nil, err
	}
	if err := tables.CheckHeader(h); err != nil {
		return nil, err
	}
	const schemaPages = 64
	if err := sqlpages.WantTree(ctx, file, 1, schemaPages); err != nil {
		return nil, damagedTree(err, "sqlite_schema")
	}
	if r.roots, err = rootsOf(ctx, file.Path()); err != nil {
		return nil, err
	}
	if err := r.want(ctx, "metadata", "textures", "contents"); err != nil {
		return nil, err
	}
	o.remote, o.Checked = r, true
	a, err := open(ctx, file.Path(), o)
	if err != nil || file.Checked() {
		return a, err
	}
	if err := a.soundTables(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, file.SetChecked()
}

// soundTables compares the tables, which say which texture has which hash, with the digest. The
// textures of format 2 are each compared with the root when they are read, so there it is enough
// that the tree's top leads to it.
func (a *Archive) soundTables(ctx context.Context) error {
	if a.format > 1 {
		if a.Len() == 0 {
			return nil
		}
		_, err := a.vouched(ctx, a.index.entry(0))
		return err
	}
	var stated string
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) error {
		meta, err := tables.Metadata(ctx, c)
		stated = meta[tables.KeyDigest]
		return err
	})
	if err != nil {
		return err
	}
	computed, err := a.Digest(ctx)
	if err == nil && computed != stated {
		err = corrupt("the digest of its textures is %s, but it says %.70q", computed, stated)
	}
	return err
}

// rootsOf returns the root pages of tables and indexes, by name.
func rootsOf(ctx context.Context, path string) (roots map[string]uint32, err error) {
	c, err := sqlite.Dial(path, sqlite.Immutable)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	roots = make(map[string]uint32)
	return roots, c.Query(ctx, `SELECT name, rootpage FROM sqlite_schema`, func(r *sqlite.Row) error {
		roots[r.Text(0)] = uint32(r.Int(1))
		return nil
	})
}

func damagedTree(err error, name string) error {
	if errors.Is(err, sqlpages.ErrLayout) {
		return corrupt("%s: %v", name, err)
	}
	return err
}

// remoteArchive is what an Archive needs of a file elsewhere.
type remoteArchive struct {
	file  Remote
	roots map[string]uint32

	tiles, hashes, tree *sqlpages.Table // nil: it has none

	brought *lru.Cache[string, struct{}] // tables that are here whole
}

func newRemoteArchive(file Remote) *remoteArchive {
	return &remoteArchive{file: file, brought: lru.New[string, struct{}](math.MaxInt64, nil)}
}

// want has tables and indexes fetched whole.
func (r *remoteArchive) want(ctx context.Context, names ...string) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		root, ok := r.roots[name]
		if !ok {
			continue // what is missing of the format, CheckSchema says
		}
		g.Go(func() error {
			e, err := r.brought.Get(ctx, name, func() (struct{}, int64, error) {
				err := sqlpages.WantTree(ctx, r.file, root, maxTablePages)
				return struct{}{}, 1, damagedTree(err, name)
			})
			if err == nil {
				r.brought.Release(e)
			}
			return err
		})
	}
	return g.Wait()
}

// small returns all tables and indexes but those of segments and previews.
func (r *remoteArchive) small() []string {
	var names []string
	for name := range r.roots {
		if name != "segments" && name != "tiles" {
			names = append(names, name)
		}
	}
	return names
}

// attach makes a, which has just been opened from what is here, read from elsewhere.
func (r *remoteArchive) attach(a *Archive) error {
	if a.reader.Pages == nil {
		return corrupt("its segments cannot be read by their pages")
	}
	a.reader.Remote = r.file
	for name, t := range map[string]**sqlpages.Table{"tiles": &r.tiles, "hashes": &r.hashes,
		"tree": &r.tree} {
		root, ok := r.roots[name]
		if !ok {
			continue
		}
		f, err := os.Open(a.real)
		if err != nil {
			return sqlite.Bare(err)
		}
		if *t = sqlpages.NewTable(f, int64(root), 0); *t == nil {
			return errors.Join(corrupt("%s cannot be read by its pages", name), f.Close())
		}
	}
	return nil
}

func (r *remoteArchive) close() error {
	var errs []error
	for _, t := range [...]*sqlpages.Table{r.tiles, r.hashes, r.tree} {
		if t != nil {
			errs = append(errs, t.Close())
		}
	}
	return errors.Join(errs...)
}

// wantAll has tables and indexes of a remote archive fetched whole, for queries that need them.
func (a *Archive) wantAll(ctx context.Context, names ...string) error {
	if a.remote == nil {
		return nil
	}
	return a.remote.want(ctx, names...)
}

// wantTile has a preview of a remote archive fetched.
func (a *Archive) wantTile(ctx context.Context, t preview.Tile) error {
	if a.remote == nil {
		return nil
	}
	if err := a.remote.want(ctx, "sqlite_autoindex_tiles_1"); err != nil {
		return err
	}
	var row int64
	err := a.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		row, err = tables.TileRow(ctx, c, t)
		return err
	})
	if err != nil || row == 0 {
		return err
	}
	return damagedTree(a.remote.tiles.Want(ctx, a.remote.file, []int64{row}), "tiles")
}

// wantProofs has what textures are compared with fetched, all at once.
func (a *Archive) wantProofs(ctx context.Context, entries iter.Seq[Entry]) error {
	if a.remote == nil || a.format == 1 {
		return nil
	}
	contents, blocks := make(map[int64]bool), make(map[int64]bool)
	for e := range entries {
		contents[e.content] = true // where a row would be if one of a single segment has none
		place, _ := a.index.place(e)
		for level := range merkle.Levels(a.Len()) {
			place /= merkle.Fan
			blocks[tables.BlockID(level, place)] = true
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	for t, ids := range map[*sqlpages.Table]map[int64]bool{a.remote.hashes: contents,
		a.remote.tree: blocks} {
		g.Go(func() error {
			err := t.Want(ctx, a.remote.file, slices.Sorted(maps.Keys(ids)))
			return damagedTree(err, "the tables of hashes")
		})
	}
	return g.Wait()
}

var memories = sync.Pool{New: func() any { return new([]byte) }}

// segmentIDs returns the rows of the segments of contents, each once, in their order.
func segmentIDs(entries iter.Seq[Entry]) []int64 {
	layouts := make(map[int64]dds.Layout)
	for e := range entries {
		layouts[e.content] = e.Layout
	}
	var ids []int64
	for _, content := range slices.Sorted(maps.Keys(layouts)) {
		ids = append(ids, contents.IDs(content, layouts[content])...)
	}
	return ids
}

// Prefetch has textures of a remote archive fetched, many at once. What fails is asked for again,
// and reported, when it is read.
func (a *Archive) Prefetch(ctx context.Context, entries iter.Seq[Entry]) {
	if a.remote != nil {
		_ = a.reader.WantIDs(ctx, segmentIDs(entries))
	}
}

// Remote reports whether the archive is read from elsewhere.
func (a *Archive) Remote() bool { return a.remote != nil }

// FetchBytes returns about how many bytes have to be fetched for textures.
func (a *Archive) FetchBytes(ctx context.Context, entries iter.Seq[Entry]) (int64, error) {
	if a.remote == nil {
		return 0, nil
	}
	spans, err := a.reader.Pages.Where(ctx, a.remote.file, segmentIDs(entries))
	if err != nil {
		return 0, explain(a.path, damagedTree(err, "segments"))
	}
	return a.remote.file.Missing(spans), nil
}

// DropFetched gives the disk back that fetched textures take.
func (a *Archive) DropFetched(ctx context.Context, entries iter.Seq[Entry]) error {
	if a.remote == nil {
		return nil
	}
	spans, err := a.reader.Pages.Where(ctx, a.remote.file, segmentIDs(entries))
	if err != nil {
		return explain(a.path, damagedTree(err, "segments"))
	}
	return a.remote.file.Drop(spans)
}
