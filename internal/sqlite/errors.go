package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"

	"github.com/xelpack/xelpack/internal/filesys"
)

// What a file can be refused for.
var (
	ErrCorrupt    = errors.New("archive is damaged")
	ErrLocked     = errors.New("archive is being written by another process")
	ErrUnsettled  = errors.New("archive has an uncommitted transaction")
	ErrClosed     = errors.New("archive is closed")
	ErrFull       = errors.New("no space left to write the archive")
	ErrNoDatabase = errors.New("not an xelpack archive")
)

// Corrupt makes an ErrCorrupt that says what is wrong.
func Corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Classify returns the sentinel for an error of SQLite or of the system, nil where there is none.
// growing is a file that SQLite makes others beside.
func Classify(err error, growing string) error {
	var e sqlite3.Error
	if errors.As(err, &e) {
		switch {
		case e.Code == sqlite3.ErrFull || filesys.Full(e.SystemErrno):
			return ErrFull
		case e.Code == sqlite3.ErrCantOpen && growing != "" && noRoomBeside(growing):
			return ErrFull
		case e.Code == sqlite3.ErrNotADB:
			return ErrNoDatabase
		case e.ExtendedCode == sqlite3.ErrIoErrShortRead: // the file ends before the page
			return ErrCorrupt
		case e.Code == sqlite3.ErrCorrupt, e.Code == sqlite3.ErrTooBig, e.Code == sqlite3.ErrError:
			return ErrCorrupt
		}
		return nil
	}
	if filesys.Full(err) {
		return ErrFull
	}
	return nil
}

// noRoomBeside reports whether no file can be made beside path for want of space. SQLite does not
// tell: having failed to make a file it tries to open it for reading, and reports that it is not
// there.
func noRoomBeside(path string) bool {
	f, err := os.CreateTemp(filepath.Dir(path), ".xelpack-*")
	if err == nil {
		_, err = f.Write([]byte{0})
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return filesys.Full(err)
}

// Bare takes the path out of an error that names it, where the caller names it again.
func Bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
