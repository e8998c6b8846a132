package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/shell"
)

// Files beside a database: SQLite's own, and the lock file.
const (
	JournalSuffix = "-journal"
	WALSuffix     = "-wal"
	shmSuffix     = "-shm"
	LockSuffix    = ".lock"
)

// SetJournal sets how transactions are made safe. A rollback journal need not hold new pages at the
// end of the file, which are nearly all pages, so everything is written once. With synchronous =
// FULL no disk does damage by losing unsynced data, in whatever order.
func SetJournal(ctx context.Context, c *Conn, growing bool) error {
	mode, synchronous := "truncate", "FULL"
	if growing {
		mode, synchronous = "wal", "NORMAL"
	}
	got := ""
	if err := c.Query(ctx, `PRAGMA journal_mode = `+mode,
		func(r *Row) error { got = r.Text(0); return nil }); err != nil {
		return err
	}
	if got != mode {
		return fmt.Errorf("this file system cannot hold a database in %s mode; build on a local "+
			"disk", strings.ToUpper(mode))
	}
	return c.Exec(ctx, `PRAGMA synchronous = `+synchronous)
}

// RemoveRemains removes, durably, the files beside a .part that does not exist: SQLite would take
// them for those of the next .part and put old pages into it.
func RemoveRemains(part string) error {
	if _, err := os.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	removed := false
	for _, suffix := range [...]string{JournalSuffix, WALSuffix, shmSuffix} {
		switch err := os.Remove(part + suffix); {
		case err == nil:
			removed = true
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if !removed {
		return nil
	}
	return filesys.SyncDir(filepath.Dir(part))
}

// Settle rolls back the transaction in the middle of which a writer of the .part died. It does not
// disturb a live writer.
func Settle(ctx context.Context, part string) error {
	if info, err := os.Stat(part + JournalSuffix); err != nil || info.Size() == 0 {
		return nil
	}
	lock, err := LockFile(part + LockSuffix)
	if errors.Is(err, ErrLocked) {
		return nil
	}
	if err == nil {
		err = errors.Join(rollBack(ctx, part), lock.Release())
	}
	if err != nil {
		return fmt.Errorf("roll back the interrupted transaction in %s: %w",
			filepath.Base(part)+JournalSuffix, Bare(err))
	}
	return nil
}

func rollBack(ctx context.Context, part string) error {
	if err := CheckJournal(part); err != nil {
		return err
	}
	c, err := Dial(part, Existing)
	if err != nil {
		return err
	}
	// SQLite rolls back before it reads
	_, err = c.Number(ctx, `SELECT count(*) FROM sqlite_schema`)
	return errors.Join(err, c.Close())
}

// CheckJournal refuses a rollback journal that names a second one, as transactions over several
// databases do, but never xelpack's: after rolling back, SQLite deletes the named file, which might
// be any file of the user's.
func CheckJournal(path string) error {
	const magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	f, err := os.Open(path + JournalSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := make([]byte, len(magic))
	if info.Size() <= int64(len(end)) {
		return nil
	}
	if _, err := f.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return err
	}
	if string(end) == magic {
		return Corrupt("%s names another file to be deleted, which an archive's journal never "+
			"does; remove it", filepath.Base(path)+JournalSuffix)
	}
	return nil
}

// Alone returns an ErrUnsettled if a journal or WAL with content is beside a finished archive.
func Alone(path string) error {
	beside, err := beside(path)
	if beside != "" {
		takeIn := shell.Command("sqlite3", path, "PRAGMA journal_mode = DELETE")
		err = fmt.Errorf("%w in %s; close the programs that have the archive open, or let "+
			"sqlite3 apply it: %s", ErrUnsettled, beside, takeIn)
	}
	return err
}

// Orphaned returns an ErrUnsettled if a journal or WAL exists for an archive that does not exist
// yet.
func Orphaned(path string) error {
	beside, err := beside(path)
	if beside != "" {
		err = fmt.Errorf("%w: %s belongs to a removed archive and would be applied to the new "+
			"one; remove it", ErrUnsettled, beside)
	}
	return err
}

// beside returns the name of a non-empty file that SQLite would take for part of the archive at
// path; "" if there is none.
func beside(path string) (string, error) {
	for _, suffix := range [...]string{WALSuffix, JournalSuffix} {
		switch info, err := os.Lstat(path + suffix); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", Bare(err)
		case info.Size() > 0 || !info.Mode().IsRegular():
			return filepath.Base(path) + suffix, nil
		}
	}
	return "", nil
}

// Busy reports whether err means that another program holds a lock.
func Busy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrBusy
}

// WhoReads adds the remedy to a writer's error if it is that the file is busy.
func WhoReads(err error) error {
	if !Busy(err) {
		return err
	}
	return fmt.Errorf("another program is reading it; run the same command again when it has "+
		"ended: %w", err)
}
