// Package safefile writes files completely or not at all.
package safefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/realpath"
)

// Write writes a file, or the target if it is a link. A path that exists and is not a regular file,
// such as /dev/null, is written directly.
func Write(file string, write func(io.Writer) error) (err error) {
	if file, err = realpath.Of(file); err != nil {
		return err
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return WriteInto(root, filepath.Base(file), write)
}

// WriteInto writes a file of a folder: first under another name, renamed once it is on the disk.
func WriteInto(root *os.Root, name string, write func(io.Writer) error) (err error) {
	tmp := filepath.Join(filepath.Dir(name), ".xelpack-"+filepath.Base(name))
	// left by a killed process
	if err := root.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreClosed(f.Close()), root.Remove(tmp))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return filesys.RenameIn(root, tmp, name)
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
