//go:build !linux && !(windows && winfsp)

package mount

import (
	"context"
	"fmt"
	"runtime"
)

// Remark is a note on mounts on this system.
const Remark = ""

// Possible returns an error that wraps ErrNoFUSE where nothing can be mounted.
func Possible() error {
	return fmt.Errorf("%w on %s yet: write the textures into the scenery package with xelpack "+
		"install", ErrNoFUSE, runtime.GOOS)
}

// Mount fails as Possible does.
func Mount(context.Context, string, Options) (*FS, error) { return nil, Possible() }

// Unmount has nothing to unmount.
func (f *FS) Unmount(context.Context) error { return nil }
