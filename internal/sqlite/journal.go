package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// The files that SQLite keeps beside a database.
const (
	journalSuffix = "-journal"
	walSuffix     = "-wal"
	shmSuffix     = "-shm"
)

// setJournal says how transactions are made safe. A rollback journal need not hold the new pages at the end of the file, which are nearly all there
// are, so everything is written once. With synchronous = FULL no disk that loses what was not synced, in whatever order, does damage.
func setJournal(ctx context.Context, c *conn, growing bool) error {
	mode, synchronous := "truncate", "FULL"
	if growing {
		mode, synchronous = "wal", "NORMAL"
	}
	got := ""
	if err := c.query(ctx, `PRAGMA journal_mode = `+mode, func(r *row) error { got = r.text(0); return nil }); err != nil {
		return err
	}
	if got != mode {
		return fmt.Errorf("this file system cannot hold a database in %s mode; build on a local disk", strings.ToUpper(mode))
	}
	return c.exec(ctx, `PRAGMA synchronous = `+synchronous)
}

// removeRemains removes what stands beside a .part that is not there, and makes that last: SQLite would take it for the next .part's, and put pages of
// the old one into it.
func removeRemains(part string) error {
	if _, err := os.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	removed := false
	for _, suffix := range [...]string{journalSuffix, walSuffix, shmSuffix} {
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
	return syncFile(filepath.Dir(part))
}

// settle takes back the transaction in the middle of which a writer of the .part died. It leaves one that lives alone.
func settle(ctx context.Context, part string) error {
	if info, err := os.Stat(part + journalSuffix); err != nil || info.Size() == 0 {
		return nil
	}
	lock, err := lockFile(part + lockSuffix)
	if errors.Is(err, ErrLocked) {
		return nil
	}
	if err == nil {
		err = errors.Join(rollBack(ctx, part), lock.release())
	}
	if err != nil {
		return fmt.Errorf("take back the transaction that was cut short, which stands in %s: %w", filepath.Base(part)+journalSuffix, bare(err))
	}
	return nil
}

func rollBack(ctx context.Context, part string) error {
	if err := checkJournal(part); err != nil {
		return err
	}
	c, err := dial(part, existing)
	if err != nil {
		return err
	}
	_, err = c.number(ctx, `SELECT count(*) FROM sqlite_schema`) // SQLite sees to it before it reads
	return errors.Join(err, c.close())
}

// checkJournal refuses a rollback journal that names a second one, as transactions over several databases do, and never ours: having rolled back,
// SQLite deletes what is named there, and that might be any file of the user's.
func checkJournal(path string) error {
	const magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
	f, err := os.Open(path + journalSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
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
		return corrupt("%s names another file to be deleted, as no writer of archives does; remove it", filepath.Base(path)+journalSuffix)
	}
	return nil
}

// alone returns an ErrUnsettled if there is something beside a finished archive that belongs to it.
func alone(path string) error {
	beside, err := beside(path)
	if beside != "" {
		err = fmt.Errorf("%w: %s stands beside it; close what has the archive open, or let the sqlite3 program take it in: PRAGMA journal_mode = DELETE", ErrUnsettled, beside)
	}
	return err
}

// orphaned returns an ErrUnsettled if there is something that would belong to an archive that is not there yet.
func orphaned(path string) error {
	beside, err := beside(path)
	if beside != "" {
		err = fmt.Errorf("%w: %s is of one that is gone, and would be taken for the new one's; remove it", ErrUnsettled, beside)
	}
	return err
}

// beside returns the name of a file with anything in it that SQLite would take for part of the archive at path; "" if there is none.
func beside(path string) (string, error) {
	for _, suffix := range [...]string{walSuffix, journalSuffix} {
		switch info, err := os.Lstat(path + suffix); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", bare(err)
		case info.Size() > 0 || !info.Mode().IsRegular():
			return filepath.Base(path) + suffix, nil
		}
	}
	return "", nil
}

// busy reports whether err is that another program holds a lock.
func busy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrBusy
}

// whoReads adds to the error of a writer what to do about one that is busy.
func whoReads(err error) error {
	if !busy(err) {
		return err
	}
	return fmt.Errorf("another program is reading it; run the same command again when it has ended: %w", err)
}
