package mount

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
)

// Unmount ends the mount. Opens that wait for a live texture are answered and its making is
// cancelled. Unmount returns nil once all files are closed and the mount's own work is done. It is
// safe to call again, and after someone else has unmounted.
//
// If files are still open after Options.Grace, or when ctx ends, the mount is detached: it is no
// longer reachable, open files stay readable, and the error wraps ErrBusy and names the processes.
// Wait then returns when the last file is closed. The mount's own work is a texture whose making
// ignores its cancellation, and the last writes to the disk cache: Unmount waits for it until ctx
// ends and then returns ctx's error.
func (f *FS) Unmount(ctx context.Context) error {
	f.live.close()
	grace := time.NewTimer(f.grace)
	defer grace.Stop()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		var busy error
		if f.attached() {
			busy = mounts.Unmount(f.mountpoint)
		}
		if busy == nil {
			return f.drain(ctx, grace.C)
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
			continue
		case <-grace.C:
		case <-ctx.Done():
		}
		again.Stop()
		return f.abandon(busy)
	}
}

// attached reports whether the mount is still the one at its mountpoint.
func (f *FS) attached() bool {
	m, ok := mounts.At(f.mountpoint)
	return ok && m.Device == f.device
}

// kept is why the kernel does not release what was unmounted.
const kept = "some of its files are open, or a container or sandbox has a copy of the mount"

// drain waits until the kernel has released the unmounted file system and the mount's own work has
// ended.
func (f *FS) drain(ctx context.Context, grace <-chan time.Time) error {
	select { // of several that are ready it takes any
	case <-f.released:
	case <-ctx.Done():
	case <-grace:
	}
	switch {
	case ended(f.released):
	case ctx.Err() != nil:
		return fmt.Errorf("unmounted %s, but %s: %w", f.mountpoint, kept, ctx.Err())
	default:
		return fmt.Errorf("%w: %s is unmounted, but %s", ErrBusy, f.mountpoint, kept)
	}
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		if ended(f.done) {
			return nil
		}
		return fmt.Errorf("unmounted %s, but a texture is still being made or written: %w",
			f.mountpoint, ctx.Err())
	}
}

func ended(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// abandon detaches a mount that is in use.
func (f *FS) abandon(cause error) error {
	by := mounts.Holders(f.mountpoint) // once detached, their paths no longer show it
	if err := mounts.Detach(f.mountpoint); err != nil {
		return fmt.Errorf("unmount %s: %w", f.mountpoint, err)
	}
	return busy(f.mountpoint, by, cause)
}

func busy(mountpoint string, by []string, cause error) error {
	if len(by) == 0 {
		return fmt.Errorf("%w: %s: %w", ErrBusy, mountpoint, cause)
	}
	return fmt.Errorf("%w: %s is held by %s", ErrBusy, mountpoint, strings.Join(by, ", "))
}

// Unmount asks the kernel to end the xelpack mount at mountpoint, of any process; a stale one is
// cleared. The error wraps ErrNotMounted, or ErrBusy and names the processes that have files open.
func Unmount(mountpoint string) error {
	path, err := ourMount(mountpoint)
	if err != nil {
		return err
	}
	return unmountPatiently(path, time.Sleep)
}

// unmountPatiently unmounts a mount without open files. A look-up in progress, or an open that
// waits for a live texture, keeps a mount busy without holding a file: it waits a little over a
// second for these to pass.
func unmountPatiently(path string, sleep func(time.Duration)) error {
	for pause := 5 * time.Millisecond; ; pause *= 2 {
		err := mounts.Unmount(path)
		if err == nil {
			return nil
		}
		if by := mounts.Holders(path); len(by) > 0 || pause > time.Second {
			return fmt.Errorf("%w; close the files and try again, or detach it (%s)",
				busy(path, by, err), mounts.DetachCommand(path))
		}
		sleep(pause)
	}
}

// Detach makes the xelpack mount at mountpoint unreachable at once, even if it is in use, whichever
// process serves it. Open files stay usable. The error wraps ErrNotMounted if there is no xelpack
// mount.
func Detach(mountpoint string) error {
	path, err := ourMount(mountpoint)
	if err != nil {
		return err
	}
	if err := mounts.Detach(path); err != nil {
		return fmt.Errorf("detach %s: %w", path, err)
	}
	return nil
}

// ourMount returns the real path of a mountpoint with an xelpack mount.
func ourMount(mountpoint string) (string, error) {
	path, err := realpath.Absolute(mountpoint)
	if err != nil {
		return "", fmt.Errorf("unmount: %w", err)
	}
	if m, ok := mounts.At(path); !ok || !m.Ours() {
		return "", fmt.Errorf("%w: %s", ErrNotMounted, path)
	}
	return path, nil
}

// List returns all xelpack mountpoints, of any process, including stale ones.
func List() ([]string, error) { return mounts.List() }

// Answers returns nil if the mount at mountpoint answers within a few seconds. One whose process is
// dead or hangs does not.
func Answers(ctx context.Context, mountpoint string) error { return mounts.Ask(ctx, mountpoint) }
