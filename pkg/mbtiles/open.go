package mbtiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// ReaderOptions are the limits of an open archive.
type ReaderOptions struct {
	CacheBytes int64 // bytes of decoded segments kept in memory; default 32 MiB, negative: none
	Readers    int   // SQLite connections; default twice the processors, from 4 to 16
	// Remains opens the rest of a truncated archive, if its index is intact: reading data beyond
	// the cut is ErrCorrupt. Default: ErrTruncated.
	Remains bool
	// Checked compares every segment with its hash, and this with the archive's root, before a byte
	// of it is given out; in format 1, which has no such hashes, the whole texture. What does not
	// match is ErrCorrupt. Default: only copying and Verify compare.
	Checked bool

	remote *remoteArchive // that the path is the cache of; nil: none
}

// Open opens an archive with the default ReaderOptions. The file is not trusted: a file that is not
// an archive is ErrNotArchive, a later format ErrVersion, one that contradicts itself ErrCorrupt, a
// missing one whose .part exists ErrUnfinished.
//
// The .part of an archive that is being built opens too, as committed so far, once the writer is
// between two transactions; if the writer was killed, its transaction is rolled back first. A
// texture that is replaced afterwards can no longer be read: its content is gone.
func Open(ctx context.Context, path string) (*Archive, error) {
	return OpenWith(ctx, path, ReaderOptions{})
}

// OpenWith is Open with other limits.
func OpenWith(ctx context.Context, path string, o ReaderOptions) (*Archive, error) {
	real, err := realpath.Of(path) // its journals are beside the real file
	if err != nil {
		return nil, err
	}
	a, err := open(ctx, real, o.withDefaults())
	if err != nil {
		return nil, explain(path, err)
	}
	a.path = path
	return a, nil
}

func (o ReaderOptions) withDefaults() ReaderOptions {
	o.CacheBytes = cmp.Or(o.CacheBytes, 32<<20)
	if o.Readers <= 0 {
		o.Readers = min(max(4, 2*runtime.GOMAXPROCS(0)), 16)
	}
	return o
}

func open(ctx context.Context, path string, o ReaderOptions) (*Archive, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, errPart := os.Stat(path + partSuffix); errPart == nil {
			return nil, fmt.Errorf("%w: it is being built in %s", ErrUnfinished,
				filepath.Base(path)+partSuffix)
		}
	}
	if err != nil {
		return nil, sqlite.Bare(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a file", ErrNotArchive)
	}
	var truncated error
	m := sqlite.ReadOnly
	if !strings.HasSuffix(path, partSuffix) {
		// A file of this name is never written, so it can be read directly.
		h, err := sqlpages.ReadHeader(path)
		if err != nil {
			return nil, err
		}
		if h.Blank || h.Cut {
			return nil, fmt.Errorf("%w: %w: nothing of it is there", ErrCorrupt, ErrTruncated)
		}
		if err := tables.CheckHeader(h); err != nil {
			return nil, err
		}
		m = sqlite.Immutable
		if info.Size() < h.Size {
			m = sqlite.Remains
			truncated = fmt.Errorf("%w: %w: it has %d of %d bytes", ErrCorrupt, ErrTruncated,
				info.Size(), h.Size)
		}
		if truncated != nil && (!o.Remains || h.Schema != nil) {
			return nil, truncated
		}
		if h.Schema != nil {
			return nil, corrupt("%v", h.Schema)
		}
		if err := sqlite.Alone(path); err != nil {
			return nil, err
		}
	} else if err := sqlite.Settle(ctx, path); err != nil {
		return nil, err
	}
	a, err := openAs(ctx, path, m, o)
	if truncated != nil && (errors.Is(err, ErrCorrupt) ||
		errors.Is(sqlite.Classify(err, ""), ErrCorrupt)) {
		return nil, truncated // even its index is damaged
	}
	if truncated != nil && err == nil {
		a.truncated = truncated
	}
	if err == nil && m == sqlite.Immutable && !a.complete {
		// Another program may be writing it after all.
		if err := a.Close(); err != nil {
			return nil, err
		}
		return openAs(ctx, path, sqlite.ReadOnly, o)
	}
	return a, err
}

// openAs opens an archive in a mode that may turn out to be wrong.
func openAs(ctx context.Context, path string, m sqlite.Mode, o ReaderOptions) (*Archive, error) {
	r, err := contents.NewReader(sqlite.NewPool(path, m, o.Readers), o.CacheBytes)
	if err != nil {
		return nil, err
	}
	a := &Archive{path: path, real: path, reader: r, remote: o.remote, checked: o.Checked,
		checks: newChecks()}
	err = r.Conns.Do(ctx, func(c *sqlite.Conn) error { return a.load(ctx, c) })
	switch {
	case err != nil:
	case m == sqlite.Immutable && a.complete:
		if err = r.Pin(ctx); err == nil && a.remote != nil {
			err = a.remote.attach(a)
		}
	case a.remote != nil:
		err = ErrBuilding
	case m == sqlite.ReadOnly:
		// now, because the file may be finished, and another one begun under its name
		err = r.Conns.Open()
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// load checks what the file is before using any of it, and reads the index.
func (a *Archive) load(ctx context.Context, c *sqlite.Conn) (err error) {
	if a.format, err = tables.Check(ctx, c); err != nil {
		return err
	}
	meta, err := tables.Metadata(ctx, c)
	if err != nil {
		return err
	}
	if version := meta[tables.KeyVersion]; version != strconv.Itoa(a.format) {
		return corrupt("%s is %.20q (want %d as in the header)", tables.KeyVersion, version,
			a.format)
	}
	state := meta[tables.KeyState]
	if state != tables.StateBuilding && state != tables.StateComplete {
		return corrupt("%s is %.20q (want %q or %q)", tables.KeyState, state,
			tables.StateBuilding, tables.StateComplete)
	}
	a.complete, a.patchBase = state == tables.StateComplete, meta[KeyPatchBase]
	if a.format > 1 {
		a.root = meta[tables.KeyRoot]
	}
	a.index, err = readIndex(ctx, c)
	return err
}
