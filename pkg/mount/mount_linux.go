package mount

import (
	"context"
	"fmt"

	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
)

const (
	// maxBackground is how many requests the kernel keeps in flight; its default of 12 throttles
	// the simulator.
	maxBackground = 1024
	// maxRead is the longest read, in bytes, that the kernel sends.
	maxRead = 1 << 20
)

// Remark is a note on mounts on this system.
const Remark = ""

// Possible returns an error that wraps ErrNoFUSE where nothing can be mounted.
func Possible() error { return nil }

// InPlace returns an error that wraps ErrNoFUSE where no mount can lie over a package.
func InPlace() error { return nil }

// Mount shows o at mountpoint, until Unmount is called or someone else unmounts it: an empty
// directory, or one of Options.Scenery, which is then covered by the mount and reached by a handle
// that was opened before. The context ends the preparations only; its values are passed to every
// call of Archives and the Generator.
//
// A mount that a dead process left at mountpoint is cleared first. Errors wrap ErrMountpoint,
// ErrNotEmpty, ErrMounted, ErrInside, ErrStale or ErrNoFUSE where they apply and say what to do.
func Mount(ctx context.Context, mountpoint string, o Options) (*FS, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	mountpoint, scenery, err := check(ctx, mountpoint, &o)
	if err != nil {
		return nil, err
	}
	covered, err := cover(mountpoint, scenery)
	if err != nil {
		return nil, err
	}
	f := newFS(ctx, mountpoint, scenery, &o)
	f.covered = covered
	if f.driver, err = newDriver(f.tree, mountpoint, &o); err != nil {
		f.live.close()
		f.live.wg.Wait() // the caller may close Options.Disk now
		_ = covered.Close()
		return nil, fmt.Errorf("mount %s: %w", mountpoint, err)
	}
	if m, ok := mounts.At(mountpoint); ok {
		f.device = m.Device
	}
	f.serve()
	// WaitMount is not called: the mount is ready, and WaitMount would open a file of it. A process
	// killed while it has a file of its own mount open never ends: it would have to answer its own
	// close.
	return f, nil
}
