//go:build !linux

package replay

import (
	"errors"
	"io"
	"os"
)

func readable(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return f.Close()
}

func open(path string) (*os.File, error) { return os.Open(path) }

func pread(f *os.File, p []byte, off int64) (n int, err error) {
	if n, err = f.ReadAt(p, off); errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

func closeFile(f *os.File) error { return f.Close() }

// forget leaves the page cache as it is: nothing else can be asked of this system.
func forget(*os.File) {}

func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
