//go:build winfsp

package mount

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/windows/registry"

	"github.com/xelpack/xelpack/internal/realpath"
)

// Remark is a note on mounts on this system.
const Remark = "Mounting on Windows is experimental: it needs WinFsp, MOUNTPOINT must not exist, " +
	"and it " +
	"has only been compiled, and tested on Linux. Please report how it goes: " +
	"https://github.com/xelpack/xelpack/issues."

// Possible returns an error that wraps ErrNoFUSE where nothing can be mounted. The library would
// panic instead.
func Possible() error {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\WinFsp`,
		registry.QUERY_VALUE|registry.WOW64_32KEY)
	if err == nil {
		defer func() { _ = key.Close() }()
		var dir string
		if dir, _, err = key.GetStringValue("InstallDir"); err == nil {
			name := map[string]string{"amd64": "winfsp-x64.dll",
				"arm64": "winfsp-a64.dll"}[runtime.GOARCH]
			_, err = os.Stat(filepath.Join(dir, "bin", name))
		}
	}
	if err != nil {
		return fmt.Errorf("%w: WinFsp is not installed: get it from https://winfsp.dev, or write "+
			"the "+
			"textures into the scenery package with xelpack install", ErrNoFUSE)
	}
	return nil
}

// Mount shows o at mountpoint, which must not exist, in a folder that does, until Unmount. The
// context ends the preparations only; its values are passed to every call of Archives and the
// Generator.
func Mount(ctx context.Context, mountpoint string, o Options) (*FS, error) {
	if err := errors.Join(o.setDefaults(), Possible()); err != nil {
		return nil, err
	}
	parent, err := realDir(filepath.Dir(mountpoint))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMountpoint, err)
	}
	mountpoint = filepath.Join(parent, filepath.Base(mountpoint))
	if _, err := os.Lstat(mountpoint); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s exists: WinFsp makes it, so name a folder that does not",
			ErrMountpoint, mountpoint)
	}
	scenery := make([]string, len(o.Scenery))
	for i, dir := range o.Scenery {
		if scenery[i], err = realDir(dir); err != nil {
			return nil, fmt.Errorf("scenery: %w", err)
		}
		if realpath.Inside(mountpoint, scenery[i]) {
			return nil, fmt.Errorf("%w: %s lies in scenery %s; mount elsewhere", ErrInside,
				mountpoint,
				scenery[i])
		}
	}
	f := newFS(ctx, mountpoint, scenery, &o)
	if f.driver, err = newCgoFuse(f.tree, mountpoint, &o); err != nil {
		f.live.close()
		f.live.wg.Wait() // the caller may close Options.Disk now
		return nil, fmt.Errorf("mount %s: %w", mountpoint, err)
	}
	f.log.Warn(Remark)
	f.serve()
	return f, nil
}

// Unmount ends the mount. Opens that wait for a live texture are answered and its making is
// cancelled. It returns nil once the system has let go and the mount's own work is done, and ctx's
// error if that ends before. It is safe to call again.
func (f *FS) Unmount(ctx context.Context) error {
	f.live.close()
	select {
	case <-f.released:
	default:
		if !f.driver.(*cgoFuse).host.Unmount() {
			return fmt.Errorf("%w: %s", ErrBusy, f.mountpoint)
		}
	}
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("unmount %s: %w", f.mountpoint, ctx.Err())
	}
}
