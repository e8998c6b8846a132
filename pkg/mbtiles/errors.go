package mbtiles

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// What an archive can be refused for. Every error of this package names the file and wraps one of these where it applies.
var (
	ErrName       = errors.New("an archive's name must end in .mbtiles, by which GDAL and QGIS recognise it")
	ErrNotArchive = errors.New("not an xelpack archive")
	ErrVersion    = errors.New("made by a newer xelpack")
	ErrCorrupt    = errors.New("archive is damaged")
	ErrLocked     = errors.New("archive is being written by another process")
	ErrUnsettled  = errors.New("archive is being changed by another program, or was when that ended")
	ErrExists     = errors.New("archive exists and is complete")
	ErrFull       = errors.New("no space left to write the archive")
	ErrNoTile     = errors.New("no preview there")
	ErrClosed     = errors.New("archive is closed")
	ErrNothing    = errors.New("no texture of the archive is wanted")
	ErrUnfinished = errors.New("archive is unfinished")
	ErrMixture    = errors.New("some of the imagery may be passed on and some may not")
	ErrPatch      = errors.New("the patch does not fit")
)

// explain adds to err the file and, where the cause is plain, the sentinel to test for.
func explain(path string, err error) error {
	if err == nil {
		return nil
	}
	sentinel := classify(err)
	if e, ok := errors.AsType[sqlite3.Error](err); ok && e.Code == sqlite3.ErrCantOpen && strings.HasSuffix(path, partSuffix) && noRoomBeside(path) {
		sentinel = ErrFull
	}
	if sentinel != nil && !errors.Is(err, sentinel) {
		return fmt.Errorf("%s: %w: %w", path, sentinel, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func classify(err error) error {
	var e sqlite3.Error
	if errors.As(err, &e) {
		switch {
		case e.Code == sqlite3.ErrFull || outOfSpace(e.SystemErrno):
			return ErrFull
		case e.Code == sqlite3.ErrNotADB:
			return ErrNotArchive
		case e.Code == sqlite3.ErrCorrupt, e.Code == sqlite3.ErrTooBig, e.Code == sqlite3.ErrError:
			return ErrCorrupt
		}
		return nil
	}
	var errno syscall.Errno
	if errors.As(err, &errno) && outOfSpace(errno) {
		return ErrFull
	}
	return nil
}

// outOfSpace reports whether e says that the disk, the quota or the largest permitted file is used up.
func outOfSpace(e syscall.Errno) bool {
	return e == syscall.ENOSPC || e == syscall.EDQUOT || e == syscall.EFBIG
}

// noRoomBeside reports whether no file can be made beside path for want of space. SQLite does not tell: having failed to make a file it tries to
// open it for reading, and reports that it is not there.
func noRoomBeside(path string) bool {
	f, err := os.CreateTemp(filepath.Dir(path), ".xelpack-*")
	if err == nil {
		_, err = f.Write([]byte{0})
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	var errno syscall.Errno
	return errors.As(err, &errno) && outOfSpace(errno)
}

// corrupt makes an ErrCorrupt that says what is wrong.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
