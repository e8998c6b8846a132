package mount

import (
	"context"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
)

// Free makes sure that no program serves a mount at dir, an ordinary folder or a scenery package
// that is to be mounted over. What a dead process left there is unmounted, and cleared is then true.
// A mount that is served is an error that wraps ErrMounted; a disk or a bound folder is none.
func Free(ctx context.Context, dir string) (cleared bool, err error) {
	path, err := realpath.Absolute(dir)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrMountpoint, err)
	}
	if cleared, err = clearStale(ctx, path); err != nil {
		return cleared, err
	}
	switch m, ok := mounts.At(path); {
	case ok && m.Ours():
		err = fmt.Errorf("%w: %s; unmount it first (%s)", ErrMounted, path,
			shell.Command("xelpack", "umount", path))
	case ok && m.Served():
		err = fmt.Errorf("%w: %s is a mount of another program (%s); end that first, or unmount it (%s)",
			ErrMounted, path, m.Type, shell.Command("fusermount3", "-u", path))
	}
	return cleared, err
}

// cover opens the scenery directory that the mount is to cover, if there is one, and puts into
// scenery the name by which it is still reached then: by its descriptor, past any mount. Nothing of
// the package is moved or written, so that it is as before when the mount is gone.
func cover(mountpoint string, scenery []string) (*os.File, error) {
	i := slices.Index(scenery, mountpoint)
	if i < 0 {
		return nil, nil
	}
	fd, err := unix.Open(mountpoint, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMountpoint,
			&os.PathError{Op: "open", Path: mountpoint, Err: err})
	}
	scenery[i] = fmt.Sprintf("/proc/self/fd/%d", fd)
	return os.NewFile(uintptr(fd), mountpoint), nil
}
