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

// Reasons to refuse a file.
var (
	ErrCorrupt    = errors.New("archive is damaged")
	ErrLocked     = errors.New("another process is writing to it")
	ErrUnsettled  = errors.New("archive has an uncommitted transaction")
	ErrClosed     = errors.New("archive is closed")
	ErrFull       = errors.New("no space left to write the archive")
	ErrNoDatabase = errors.New("not an xelpack archive")
)

// Corrupt returns an ErrCorrupt that says what is wrong.
func Corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Classify returns the sentinel for an error of SQLite or the system, or nil. growing is a file
// beside which SQLite makes other files.
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

// noRoomBeside reports whether no file can be made beside path for lack of space. SQLite does not
// say so: if it cannot create a file, it tries to open it for reading and reports that it does not
// exist.
func noRoomBeside(path string) bool {
	f, err := os.CreateTemp(filepath.Dir(path), ".xelpack-*")
	if err == nil {
		_, err = f.Write([]byte{0})
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return filesys.Full(err)
}

// Bare removes the path from an error when the caller adds it itself.
func Bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
