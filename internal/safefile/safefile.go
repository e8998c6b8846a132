// Package safefile writes files whole or not at all.
package safefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/realpath"
)

// Write writes a file: what it leads to if it is a link. What is there and no file, such as
// /dev/null, is written to as it is.
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

// WriteInto writes a file of a folder: under another name first, renamed when it is on the disk.
func WriteInto(root *os.Root, name string, write func(io.Writer) error) (err error) {
	tmp := filepath.Join(filepath.Dir(name), ".xelpack-"+filepath.Base(name))
	if err := root.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a process that was killed
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
	return root.Rename(tmp, name)
}

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
