package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

// Finish waits for everything queued, adds overviews, metadata and the digest, and renames
// path.part to path, where nothing may stand unless WriterOptions.Extend is set. Nothing else is
// left beside it.
//
// The keys of meta are the rows name, attribution, description and version of MBTiles, and any
// others, which are stored under "xelpack:": plan, sources. Values of
// query parameters that carry secrets are blotted out, yet the caller should leave them out.
//
// After an error, a cancelled ctx included, Close still has to be called, and path.part can be
// continued.
func (w *Writer) Finish(ctx context.Context, meta map[string]string) error {
	if err := w.finish(ctx, meta); err != nil {
		return fmt.Errorf("finish the archive: %w", err)
	}
	return nil
}

func (w *Writer) finish(ctx context.Context, meta map[string]string) error {
	rows, err := tables.RowsOf(meta)
	if err != nil {
		return err
	}
	err = w.transact(ctx, func(ctx context.Context) error {
		w.store.derived = true
		return tables.PutMetadata(ctx, w.store.c, map[string]string{tables.KeyFinishing: "1"})
	})
	if err != nil {
		return err
	}
	var x *index
	err = w.readers.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		x, err = readIndex(ctx, c)
		return err
	})
	if err != nil {
		return explain(w.path+partSuffix, err)
	}
	if w.o.Extend {
		if err := keepsAll(ctx, w.path, x); err != nil {
			return explain(w.path, err)
		}
	}
	p := preview.New(x)
	if !w.o.Scratch {
		to := gallery{index: x, reader: w.readers, put: w.putTile, flush: w.flush}
		if err := p.Draw(ctx, to); err != nil {
			return explain(w.path+partSuffix, fmt.Errorf("draw overviews: %w", err))
		}
	}
	p.Describe(rows)
	if err := w.transact(ctx,
		func(ctx context.Context) error { return w.complete(ctx, rows) }); err != nil {
		return err
	}
	if !w.stop() {
		return ErrClosed
	}
	return errors.Join(w.publish(ctx), w.lock.Release())
}

// transact makes the writing goroutine do something and commit it.
func (w *Writer) transact(ctx context.Context, do func(ctx context.Context) error) error {
	if err := w.enqueue(ctx, job{do: do}); err != nil {
		return err
	}
	return w.flush(ctx)
}

// putTile queues a preview.
func (w *Writer) putTile(ctx context.Context, t preview.Tile, jpeg []byte) error {
	n := int64(len(jpeg))
	return w.enqueue(ctx, job{bytes: n, written: n, do: func(ctx context.Context) error {
		return tables.WriteTile(ctx, w.store.c, t, jpeg)
	}})
}

// complete writes what makes the archive complete, in the writing goroutine.
func (w *Writer) complete(ctx context.Context, rows map[string]string) error {
	c := w.store.c
	var err error
	if rows[tables.KeyDigest], err = tables.Digest(ctx, c); err != nil {
		return err
	}
	if w.store.contents.Version > 1 {
		leaves, err := tables.Leaves(ctx, c)
		if err != nil {
			return err
		}
		if rows[tables.KeyRoot], err = tables.WriteTree(ctx, c, leaves); err != nil {
			return err
		}
	}
	rows[tables.KeyState] = tables.StateComplete
	old, err := tables.Metadata(ctx, c)
	if err != nil {
		return err
	}
	if err := tables.DescribeSources(ctx, c, rows, old); err != nil {
		return err
	}
	if err := tables.PutMetadata(ctx, c, rows); err != nil {
		return err
	}
	return c.Exec(ctx, `DELETE FROM metadata WHERE name = ?`, tables.KeyFinishing)
}

// publish turns the .part into the single file that remains. Nothing else uses the connection any
// more.
func (w *Writer) publish(ctx context.Context) error {
	part := w.path + partSuffix
	if err := errors.Join(w.oneFile(ctx), w.release()); err != nil {
		return explain(part, err)
	}
	if !w.o.Extend {
		if err := untaken(w.path); err != nil {
			return explain(w.path, err)
		}
	}
	if w.o.Scratch {
		return filesys.Rename(part, w.path)
	}
	if err := filesys.SyncFile(part); err != nil {
		return explain(part, sqlite.Bare(err))
	}
	// The journal must be gone for certain before the renaming: it would be taken for that of the
	// next .part.
	if err := filesys.SyncDir(filepath.Dir(w.path)); err != nil {
		return err
	}
	if err := filesys.Rename(part, w.path); err != nil {
		return err
	}
	return filesys.SyncDir(filepath.Dir(w.path))
}

// untaken returns an error if a file has appeared at path since the beginning of the work.
func untaken(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errors.New(
			"a file of this name was created in the meantime; it is not touched"), err)
	}
	return nil
}

// oneFile moves everything into the one file. With a WAL it waits briefly for programs that are
// reading it.
func (w *Writer) oneFile(ctx context.Context) error {
	const tries, pause = 20, 100 * time.Millisecond
	var err error
	for try := range tries {
		if try > 0 {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err = w.store.c.Exec(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err == nil {
			err = w.store.c.Exec(ctx, `PRAGMA journal_mode = DELETE`)
		}
		if !sqlite.Busy(err) {
			return err
		}
	}
	return sqlite.WhoReads(err)
}
