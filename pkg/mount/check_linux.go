package mount

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
)

// check returns the real paths of the mountpoint and of the scenery directories, or an error if one
// of them cannot be used.
func check(ctx context.Context, mountpoint string, o *Options) (string, []string, error) {
	fail := func(err error) (string, []string, error) { return "", nil, err }
	if err := checkFUSE(o.AllowOther); err != nil {
		return fail(err)
	}
	path, err := realpath.Absolute(mountpoint)
	if err != nil {
		return fail(fmt.Errorf("%w: %w", ErrMountpoint, err))
	}
	if _, err := Free(ctx, path); err != nil {
		return fail(err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fail(fmt.Errorf("%w: %s does not exist; create it first (%s)", ErrMountpoint, path,
			shell.MakeFolder(path)))
	case err != nil:
		return fail(fmt.Errorf("%w: %w", ErrMountpoint, err))
	case !info.IsDir():
		return fail(fmt.Errorf("%w: %s is a file; name an empty directory", ErrMountpoint, path))
	}

	inPlace := false
	scenery := make([]string, len(o.Scenery))
	for i, dir := range o.Scenery {
		if scenery[i], err = realDir(dir); err != nil {
			return fail(fmt.Errorf("scenery: %w", err))
		}
		if scenery[i] == path {
			inPlace = true
			continue
		}
		if within := realpath.Inside(path, scenery[i]); within || realpath.Inside(scenery[i], path) {
			return fail(fmt.Errorf("%w: %s and scenery %s contain one another; mount elsewhere",
				ErrInside, path, scenery[i]))
		}
	}
	for _, file := range o.Files {
		if real, err := realPath(file); err != nil {
			return fail(err)
		} else if realpath.Inside(real, path) {
			return fail(fmt.Errorf("%w: %s lies in %s; move it, or mount elsewhere", ErrInside, file,
				path))
		}
	}
	if inPlace {
		return path, scenery, nil
	}
	return path, scenery, checkEmpty(path)
}

// checkEmpty refuses a directory that holds anything: a mount would hide it.
func checkEmpty(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMountpoint, err)
	}
	defer func() { _ = d.Close() }()
	names, err := d.Readdirnames(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %w", ErrMountpoint, err)
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: %s holds %q; name an empty directory", ErrNotEmpty, path, names[0])
	}
	return nil
}

// checkFUSE looks for the kernel's device and, for users other than root, for fusermount and its
// permission to let other users in.
func checkFUSE(allowOther bool) error {
	device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: %w; let users open it (chmod 666 /dev/fuse)", ErrNoFUSE, err)
	}
	if err != nil {
		return fmt.Errorf("%w: %w; load the kernel module (modprobe fuse); in a container, pass "+
			"the device (--device /dev/fuse)", ErrNoFUSE, err)
	}
	_ = device.Close()
	if os.Geteuid() == 0 {
		return nil
	}
	if _, err := mounts.Fusermount(); err != nil {
		return fmt.Errorf("%w: %w; install it (package fuse3)", ErrNoFUSE, err)
	}
	const conf = "/etc/fuse.conf"
	if text, err := os.ReadFile(conf); allowOther && (err != nil || !allowsOther(text)) {
		return fmt.Errorf("%w for other users: %s has no line user_allow_other; add it", ErrNoFUSE,
			conf)
	}
	return nil
}

// allowsOther looks for user_allow_other in the text of fuse.conf.
func allowsOther(conf []byte) bool {
	for line := range strings.Lines(string(conf)) {
		if strings.TrimSpace(line) == "user_allow_other" {
			return true
		}
	}
	return false
}

// clearStale unmounts what dead processes left mounted at path; mounts may be stacked.
func clearStale(ctx context.Context, path string) (cleared bool, err error) {
	const most = 8
	for range most {
		m, ok := mounts.At(path)
		if !ok || !strings.HasPrefix(m.Type, "fuse") {
			return cleared, nil
		}
		switch err := mounts.Ask(ctx, path); {
		case errors.Is(err, context.DeadlineExceeded):
			return cleared, fmt.Errorf("%w: %s does not answer; end its process, or detach it (%s)",
				ErrMounted, path, mounts.DetachCommand(path))
		case !errors.Is(err, syscall.ENOTCONN):
			return cleared, nil
		}
		if now, _ := mounts.At(path); now.ID != m.ID {
			continue // somebody else has cleared it
		}
		if err := mounts.Detach(path); err != nil {
			return cleared, fmt.Errorf("%w: %s: %w; try %s", ErrStale, path, err,
				mounts.DetachCommand(path))
		}
		cleared = true
	}
	return cleared, fmt.Errorf("%w: %s: more than %d stacked mounts", ErrStale, path, most)
}
