//go:build unix

package filesys

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReplacesOpen says whether a file can be replaced while it is open.
const ReplacesOpen = true

func outOfSpace(e syscall.Errno) bool {
	return e == syscall.ENOSPC || e == syscall.EDQUOT || e == syscall.EFBIG
}

// Busy reports whether err says that another program has a file open that may then be neither
// replaced nor removed. Here both are always possible.
func Busy(error) bool { return false }

// Writable returns why a file cannot be written, or why no file can be created in a folder; nil if
// it can. The error does not name the path.
func Writable(path string) error { return unix.Access(path, unix.W_OK) }

// Rename gives a file a name, in place of one that has it.
func Rename(from, to string) error { return os.Rename(from, to) }

// RenameIn is Rename in a folder.
func RenameIn(root *os.Root, from, to string) error { return root.Rename(from, to) }

// SyncFile makes writes to a file durable.
func SyncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SyncDir makes renames and removals in a folder durable.
func SyncDir(path string) error { return SyncFile(path) }

// unnamed creates a file in dir that disappears once it is closed, however the process ends.
func unnamed(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".xelpack-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// URIPath returns an absolute path for use in a file: URI.
func URIPath(abs string) string { return abs }
