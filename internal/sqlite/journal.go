package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/mattn/go-sqlite3"

	"github.com/xelpack/xelpack/internal/filesys"
)

// The files that stand beside a database: SQLite's own, and the one that is locked.
const (
	JournalSuffix = "-journal"
	WALSuffix     = "-wal"
	shmSuffix     = "-shm"
	LockSuffix    = ".lock"
)

// SetJournal says how transactions are made safe. A rollback journal need not hold the new pages at
// the end of the file, which are nearly all there are, so everything is written once. With
// synchronous = FULL no disk that loses what was not synced, in whatever order, does damage.
func SetJournal(ctx context.Context, c *Conn, growing bool) error {
	mode, synchronous := "truncate", "FULL"
	if growing {
		mode, synchronous = "wal", "NORMAL"
	}
	got := ""
	if err := c.Query(ctx, `PRAGMA journal_mode = `+mode, func(r *Row) error { got = r.Text(0); return nil }); err != nil {
		return err
	}
	if got != mode {
		return fmt.Errorf("this file system cannot hold a database in %s mode; build on a local disk", strings.ToUpper(mode))
	}
	return c.Exec(ctx, `PRAGMA synchronous = `+synchronous)
}

// RemoveRemains removes what stands beside a .part that is not there, and makes that last: SQLite
// would take it for the next .part's, and put pages of the old one into it.
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

// Settle takes back the transaction in the middle of which a writer of the .part died. It leaves
// one that lives alone.
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
		return fmt.Errorf("take back the transaction that was cut short, which stands in %s: %w", filepath.Base(part)+JournalSuffix, Bare(err))
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
	_, err = c.Number(ctx, `SELECT count(*) FROM sqlite_schema`) // SQLite sees to it before it reads
	return errors.Join(err, c.Close())
}

// CheckJournal refuses a rollback journal that names a second one, as transactions over several
// databases do, and never ours: having rolled back, SQLite deletes what is named there, and that
// might be any file of the user's.
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
		return Corrupt("%s names another file to be deleted, as no writer of archives does; remove it", filepath.Base(path)+JournalSuffix)
	}
	return nil
}

// Alone returns an ErrUnsettled if there is something beside a finished archive that belongs to it.
func Alone(path string) error {
	beside, err := beside(path)
	if beside != "" {
		takeIn := shellescape.QuoteCommand([]string{"sqlite3", path, "PRAGMA journal_mode = DELETE"})
		err = fmt.Errorf("%w: %s stands beside it; close what has the archive open, or let the sqlite3 program take it in: %s", ErrUnsettled, beside, takeIn)
	}
	return err
}

// Orphaned returns an ErrUnsettled if there is something that would belong to an archive that is
// not there yet.
func Orphaned(path string) error {
	beside, err := beside(path)
	if beside != "" {
		err = fmt.Errorf("%w: %s is of one that is gone, and would be taken for the new one's; remove it", ErrUnsettled, beside)
	}
	return err
}

// beside returns the name of a file with anything in it that SQLite would take for part of the
// archive at path; "" if there is none.
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

// Busy reports whether err is that another program holds a lock.
func Busy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrBusy
}

// WhoReads adds to the error of a writer what to do about one that is busy.
func WhoReads(err error) error {
	if !Busy(err) {
		return err
	}
	return fmt.Errorf("another program is reading it; run the same command again when it has ended: %w", err)
}
