package filesys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/windows"
)

// ReplacesOpen says whether a file can be replaced while it is open.
const ReplacesOpen = false

func outOfSpace(e syscall.Errno) bool {
	switch e {
	case windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED,
		windows.ERROR_FILE_TOO_LARGE:
		return true
	}
	return false
}

// Busy reports whether err says that another program has a file open that may then be neither
// replaced nor removed.
func Busy(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) ||
		errors.Is(err, windows.ERROR_LOCK_VIOLATION) ||
		errors.Is(err, windows.ERROR_USER_MAPPED_FILE)
}

// Writable returns why a file cannot be written, or why no file can be created in a folder; nil if
// it can. The error does not name the path. It has to try: permissions are in access control lists.
func Writable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return bare(err)
	}
	if info.IsDir() {
		f, err := unnamed(path)
		if err != nil {
			return bare(err)
		}
		return f.Close()
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return bare(err)
	}
	return f.Close()
}

func bare(err error) error {
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return le.Err
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// Rename gives a file a name, in place of one that has it. What is open keeps its name: the error
// says that.
func Rename(from, to string) error {
	_, errThere := os.Lstat(to)
	return renamed(os.Rename(from, to), from, to, errThere == nil)
}

// RenameIn is Rename in a folder.
func RenameIn(root *os.Root, from, to string) error {
	_, errThere := root.Lstat(to)
	return renamed(root.Rename(from, to), from, to, errThere == nil)
}

// renamed explains an error of renaming.
func renamed(err error, from, to string, replaces bool) error {
	denied := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, fs.ErrPermission)
	name, cannot := filepath.Base(from), "renamed"
	switch {
	case replaces && (denied || Busy(err)):
		name, cannot = filepath.Base(to), "replaced"
	case !Busy(err):
		return err
	}
	return fmt.Errorf("%s cannot be %s while another program has it open (a mount, X-Plane, a virus scanner): "+
		"close that, then run the same command again: %w", name, cannot, bare(err))
}

// SyncFile makes writes to a file durable.
func SyncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // flushing requires write access
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SyncDir makes renames and removals in a folder durable. There is nothing to do: NTFS journals its
// folders, and no call flushes one.
func SyncDir(string) error { return nil }

// unnamed creates a file in dir that disappears once it is closed, however the process ends.
func unnamed(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".xelpack-*")
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return os.OpenFile(f.Name(), os.O_RDWR|windows.O_FILE_FLAG_DELETE_ON_CLOSE, 0o600)
}

// URIPath returns an absolute path for use in a file: URI.
func URIPath(abs string) string { return "/" + filepath.ToSlash(abs) }
