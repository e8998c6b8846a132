package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/merkle"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/segment"
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
	// Fetched returns how many bytes were fetched so far.
	Fetched() int64
	// Drop gives the disk back that spans take.
	Drop(spans []sqlpages.Span) error
	// Checked reports whether SetChecked was called since anything was dropped, in this process or
	// before.
	Checked() bool
	SetChecked() error
	Close() error
}

// remoteArchive is what an Archive needs of a file elsewhere.
type remoteArchive struct {
	*tables.Remote
	file Remote
}

// OpenRemote opens a finished archive that is elsewhere, which the Archive then closes. Its tables
// are fetched; they must match the digest that it states. Nothing of a texture is given out before
// it was compared with its hash.
func OpenRemote(ctx context.Context, file Remote, o ReaderOptions) (*Archive, error) {
	a, err := openRemote(ctx, file, o.withDefaults())
	if (errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNotArchive) || errors.Is(err, ErrVersion)) &&
		ctx.Err() == nil {
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
	r := remoteArchive{tables.NewRemote(file), file}
	if err := r.Begin(ctx, file.Path()); err != nil {
		return nil, cutShort(file, err)
	}
	o.remote, o.Checked = &r, true
	a, err := open(ctx, file.Path(), o)
	if err != nil || file.Checked() {
		return a, cutShort(file, err)
	}
	if err := a.soundTables(ctx); err != nil {
		return nil, errors.Join(cutShort(file, err), a.Close())
	}
	return a, file.SetChecked()
}

// cutShort says of a file that cannot be read whether it is shorter than it says: the one on the
// server, perhaps because it is still being uploaded.
func cutShort(file Remote, err error) error {
	info, errStat := os.Stat(file.Path())
	h, errHeader := sqlpages.ReadHeader(file.Path())
	if err == nil || errors.Join(errStat, errHeader) != nil || h.Size <= info.Size() {
		return err
	}
	return fmt.Errorf("%w: %w: on the server it has %d of %d bytes", ErrCorrupt, ErrUploading,
		info.Size(), h.Size)
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

// attach makes a, which has just been opened from what is here, read from elsewhere.
func (r *remoteArchive) attach(a *Archive) error {
	if a.reader.Pages == nil {
		return corrupt("its segments cannot be read by their pages")
	}
	a.reader.Remote = r.file
	return r.Attach(a.real)
}

// wantAll has tables and indexes of a remote archive fetched whole, for queries that need them.
func (a *Archive) wantAll(ctx context.Context, names ...string) error {
	if a.remote == nil {
		return nil
	}
	return a.remote.Want(ctx, names...)
}

// wantTile has a preview of a remote archive fetched.
func (a *Archive) wantTile(ctx context.Context, t preview.Tile) error {
	if a.remote == nil {
		return nil
	}
	return a.remote.WantTile(ctx, a.reader.Conns, t)
}

// wantProofs has what textures are compared with fetched, all at once.
func (a *Archive) wantProofs(ctx context.Context, entries iter.Seq[Entry]) error {
	if a.remote == nil || a.format == 1 {
		return nil
	}
	contents, blocks := a.proofs(entries)
	return a.remote.WantHashes(ctx, contents, blocks)
}

// proofs returns the rows that textures are compared with: of the hashes and of the tree.
func (a *Archive) proofs(entries iter.Seq[Entry]) (contents, blocks []int64) {
	if a.format == 1 {
		return nil, nil
	}
	hashes, nodes := make(map[int64]bool), make(map[int64]bool)
	for e := range entries {
		hashes[e.content] = true // where a row would be if one of a single segment has none
		place, _ := a.index.place(e)
		for level := range merkle.Levels(a.Len()) {
			place /= merkle.Fan
			nodes[tables.BlockID(level, place)] = true
		}
	}
	return slices.Sorted(maps.Keys(hashes)), slices.Sorted(maps.Keys(nodes))
}

// distrust has the next run fetch the tables anew, and what a texture was compared with, if err
// says that they contradict each other. In this one they may be remembered.
func (a *Archive) distrust(e Entry, err error) error {
	if a.remote == nil || !errors.Is(err, ErrCorrupt) {
		return err
	}
	contents, blocks := a.proofs(slices.Values([]Entry{e}))
	return errors.Join(err, a.remote.file.Forget(a.remote.HashSpans(contents, blocks)),
		a.remote.file.Distrust())
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

// AtHand returns a context in which remote archives read only what has been fetched before.
func AtHand(ctx context.Context) context.Context { return sqlpages.AtHand(ctx) }

// Fetch has what ReadAt needs for n bytes from off on of e's file fetched, if the archive is
// remote.
func (a *Archive) Fetch(ctx context.Context, e Entry, off, n int64) error {
	if a.remote == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := a.vouched(ctx, e); return err })
	g.Go(func() error {
		return a.reader.Want(ctx, e.content, segment.CutOf(e.Layout), off, n)
	})
	if err := g.Wait(); err != nil {
		return a.explain(e, err)
	}
	return nil
}

// Remote reports whether the archive is read from elsewhere.
func (a *Archive) Remote() bool { return a.remote != nil }

// fetchBytes returns about how many bytes have to be fetched for textures.
func (a *Archive) fetchBytes(ctx context.Context, entries iter.Seq[Entry]) (int64, error) {
	if a.remote == nil {
		return 0, nil
	}
	spans, err := a.reader.Pages.Where(ctx, a.remote.file, segmentIDs(entries))
	if err != nil {
		return 0, explain(a.path, tables.DamagedTree(err, "segments"))
	}
	return a.remote.file.Missing(spans), nil
}

// DropFetched gives the disk back that the fetched textures take.
func (a *Archive) DropFetched(ctx context.Context, entries iter.Seq[Entry]) error {
	if a.remote == nil {
		return nil
	}
	spans, err := a.reader.Pages.Where(ctx, a.remote.file, segmentIDs(entries))
	if err != nil {
		return explain(a.path, tables.DamagedTree(err, "segments"))
	}
	return a.remote.file.Drop(spans)
}
