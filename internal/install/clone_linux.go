package install

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// clone makes a copy-on-write copy of a file.
func clone(source, name string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if err = unix.IoctlFileClone(int(out.Fd()), int(in.Fd())); err == nil {
		err = out.Sync()
	}
	err = errors.Join(err, out.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
