package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
)

const (
	extension  = ".mbtiles"
	partSuffix = ".part"
	copySuffix = ".copy" // after partSuffix
)

// WriterOptions are the settings of a Writer. The zero value is useful.
type WriterOptions struct {
	QueueBytes int64 // bytes of contents waiting to be written; default 128 MiB
	// bytes of segments after which a transaction ends; default 256 MiB; 64 MiB if Growing, because
	// the log must hold them
	CommitBytes int64
	CommitEvery time.Duration // time after which it ends anyway; default 2 s
	// Extend continues a complete archive, on a copy: the archive itself stays intact until Finish
	// replaces it. Default: ErrExists.
	Extend bool
	// Growing is for an archive that others read while it is written, such as a cache: they never
	// wait for the writer, nor the writer for them. This requires a write-ahead log, so every byte
	// is written twice. Default: another program that opens path.part waits for the end of a
	// transaction.
	Growing bool
	// Scratch is for an archive that is read once and removed: it has no overviews, and its bytes
	// need not survive a power cut.
	Scratch bool
	// Look names the look that all textures put into the archive have; "": none. An archive has
	// one: to continue one of another look is an ErrLook.
	Look string
}

// Create starts the archive at path or continues the one that an earlier Writer left as path.part.
// Nothing exists at path itself before Finish. If path is a symbolic link, all of this applies to
// its target: the link stays.
//
// The error is ErrName if path does not end in .mbtiles, ErrExists if there is a complete archive
// and Extend is not set, ErrLocked if another process is writing it, and ErrNotArchive or
// ErrVersion if there is another file, which is not touched.
func Create(ctx context.Context, path string, o WriterOptions) (*Writer, error) {
	path, err := archivePath(path)
	if err != nil {
		return nil, err
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 128 << 20
	}
	if o.CommitBytes <= 0 {
		o.CommitBytes = 256 << 20
		if o.Growing {
			o.CommitBytes = 64 << 20
		}
	}
	if o.CommitEvery <= 0 {
		o.CommitEvery = 2 * time.Second
	}
	// Before the lock, so that nothing is written beside a refused file; and after it, because
	// another process may just have finished.
	lockPath := path + partSuffix + sqlite.LockSuffix
	switch err := vacant(ctx, path, o.Extend); {
	case errors.Is(err, ErrExists):
		if err := lookAt(ctx, path, o.Look); err != nil {
			return nil, err
		}
		if !o.Extend {
			sqlite.RemoveStaleLock(lockPath)
			return nil, explain(path, err)
		}
	case err != nil:
		return nil, explain(path, err)
	}
	lock, err := sqlite.LockFile(lockPath)
	if err != nil {
		return nil, explain(path, sqlite.Bare(err))
	}
	w, err := create(ctx, path, lock, o)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return w, nil
}

// vacant returns why no archive can be made at path: ErrExists if there is one. A truncated one
// counts as one if it is to be extended and its undamaged part was salvaged.
func vacant(ctx context.Context, path string, extend bool) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sqlite.Orphaned(path)
	}
	if err != nil {
		return sqlite.Bare(err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: not a file; choose another name", ErrNotArchive)
	}
	a, err := open(ctx, path, ReaderOptions{Readers: 1})
	if _, errPart := os.Lstat(path + partSuffix); extend && errPart == nil &&
		errors.Is(err, ErrCorrupt) {
		return ErrExists
	}
	if err != nil {
		return fmt.Errorf("a file of this name exists: %w", err)
	}
	defer func() { _ = a.Close() }()
	if !a.complete {
		return fmt.Errorf("%w: it is unfinished but has the name of a finished one; rename it to "+
			"continue it: %s", ErrNotArchive, shell.Move(path, path+partSuffix))
	}
	return ErrExists
}

// create opens the .part. The lock is held.
func create(ctx context.Context, path string, lock *sqlite.Lock, o WriterOptions) (*Writer, error) {
	part := path + partSuffix
	copied := false
	err := os.Remove(part + copySuffix) // of a process killed while copying
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = sqlite.RemoveRemains(part)
	}
	if err == nil {
		err = vacant(ctx, path, o.Extend)
	}
	if o.Extend && errors.Is(err, ErrExists) {
		copied, err = copyMissing(ctx, part, path)
	}
	if err != nil {
		return nil, explain(path, err)
	}
	h, err := sqlpages.ReadHeader(part)
	fresh := errors.Is(err, fs.ErrNotExist) || err == nil && h.Blank
	if err == nil && !h.Blank {
		err = tables.CheckHeader(h)
	}
	if err == nil {
		err = sqlite.CheckJournal(part)
	}
	if err != nil && !fresh {
		return nil, explain(part, sqlite.Bare(err))
	}
	for _, file := range [...]string{part, part + sqlite.JournalSuffix} {
		if err := touch(file); err != nil {
			return nil, explain(part, sqlite.Bare(err))
		}
	}
	c, err := sqlite.Dial(part, sqlite.Existing)
	if err != nil {
		return nil, explain(part, err)
	}
	s, err := prepare(ctx, c, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), o)
	s.copied = copied
	if err == nil && o.Scratch {
		err = c.Exec(ctx, `PRAGMA synchronous = OFF`)
	}
	var w *Writer
	if err == nil {
		w, err = start(ctx, path, lock, s, o)
	}
	if err != nil {
		return nil, errors.Join(explain(part, err), c.Close())
	}
	return w, nil
}

// touch creates an empty file unless it exists. SQLite would create it too, but does not say why it
// cannot.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// copyMissing makes part a copy of path unless it exists: then it is an earlier copy that was
// continued.
func copyMissing(ctx context.Context, part, path string) (copied bool, err error) {
	if _, err := os.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	// An incomplete copy must not pass for an archive: it gets its name when it is complete.
	tmp := part + copySuffix
	if err := copyFile(ctx, tmp, path); err != nil {
		return false, fmt.Errorf("copy it to %s: %w", filepath.Base(part),
			errors.Join(err, os.Remove(tmp)))
	}
	return true, os.Rename(tmp, part)
}

// copyFile copies and syncs a file.
func copyFile(ctx context.Context, dst, src string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	for err == nil {
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(out, in, 64<<20)
		}
	}
	if err == io.EOF {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

// prepare creates the schema if needed and removes what an unfinished Finish has written.
func prepare(ctx context.Context, c *sqlite.Conn, name string, o WriterOptions) (store, error) {
	s := store{c: c, contents: contents.Writer{Conn: c}}
	objects, err := c.Number(ctx, `SELECT count(*) FROM sqlite_schema`)
	if err != nil {
		return s, err
	}
	if objects == 0 {
		// With this journal even before a WAL: otherwise the removal of a journal that is created
		// and removed again would not be certain after a power cut.
		if err := errors.Join(sqlite.SetJournal(ctx, c, false),
			tables.Make(ctx, c, name, o.Growing)); err != nil {
			return s, fmt.Errorf("make the tables: %w", err)
		}
	}
	if s.contents.Version, err = tables.Check(ctx, c); err != nil {
		return s, err
	}
	if err := sqlite.SetJournal(ctx, c, o.Growing); err != nil {
		return s, err
	}
	meta, err := tables.Metadata(ctx, c)
	if err != nil {
		return s, err
	}
	if err := keepLook(ctx, c, meta[KeyLook], o.Look); err != nil {
		return s, err
	}
	s.derived = meta[tables.KeyFinishing] != ""
	// killed between the last commit and the renaming, or a copy
	if meta[tables.KeyState] == tables.StateComplete {
		if err := s.reopen(ctx); err != nil {
			return s, err
		}
	}
	last, err := c.Number(ctx, `SELECT coalesce(max(id), 0) FROM contents`)
	s.contents.Next = last + 1
	return s, err
}
