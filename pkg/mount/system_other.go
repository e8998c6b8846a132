//go:build !linux

package mount

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"runtime"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mount/internal/inode"
)

// InPlace returns an error that wraps ErrNoFUSE: no mount of this system lies over a package.
func InPlace() error {
	return fmt.Errorf("%w: no mount can lie over a package on %s yet", ErrNoFUSE, runtime.GOOS)
}

// Free knows of no mounts of other processes.
func Free(context.Context, string) (cleared bool, err error) { return false, nil }

// Unmount fails as Possible does, or does not know the mounts of other processes.
func Unmount(string) error { return cmp.Or(Possible(), ErrNotMounted) }

// Detach fails as Unmount does.
func Detach(string) error { return cmp.Or(Possible(), ErrNotMounted) }

// Answers fails as Unmount does.
func Answers(context.Context, string) error { return cmp.Or(Possible(), ErrNotMounted) }

// List knows of no mounts of other processes.
func List() ([]string, error) { return nil, nil }

// Health returns nil when a texture of each archive can be read, another one each time.
func (f *FS) Health(ctx context.Context) error { return f.readable(ctx) }

// KernelWaiting knows of no kernel.
func (f *FS) KernelWaiting() (n int, ok bool) { return 0, false }

func callerThread(context.Context) uint32 { return 0 }

// identity returns what tells a file of the disk from others: its path.
func identity(full string, _ fs.FileInfo) (ino, gen uint64) {
	return inode.Real(0, inode.Hash(full)), inode.Hash(full)
}

// listed is how many names are read at once.
const listed = 1024

// listDir lists a directory of the disk. One that does not exist is empty.
func listDir(path string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		dir, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(entry{}, err)
			return
		}
		defer func() { _ = dir.Close() }()
		for {
			names, err := dir.ReadDir(listed)
			for _, n := range names {
				e := entry{name: n.Name(), mode: syscall.S_IFREG, ino: inode.Real(0, inode.Hash(path+"/"+n.Name()))}
				switch {
				case n.IsDir():
					e.mode = syscall.S_IFDIR
				case n.Type()&fs.ModeSymlink != 0:
					e.mode = syscall.S_IFLNK
				}
				if !yield(e, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(entry{}, err)
				return
			}
		}
	}
}
