//go:build !linux

package mount

import (
	"context"
	"fmt"
	"runtime"
)

// FS would be a mounted file system: nothing can be mounted on this system yet.
type FS struct{}

// Possible returns an error that wraps ErrNoFUSE where nothing can be mounted.
func Possible() error {
	return fmt.Errorf("%w on %s yet: write the textures into the scenery package with xelpack "+
		"install", ErrNoFUSE, runtime.GOOS)
}

// Mount fails as Possible does.
func Mount(context.Context, string, Options) (*FS, error) { return nil, Possible() }

// Unmount fails as Possible does.
func Unmount(string) error { return Possible() }

// Detach fails as Possible does.
func Detach(string) error { return Possible() }

// Answers fails as Possible does.
func Answers(context.Context, string) error { return Possible() }

// List knows of no mounts.
func List() ([]string, error) { return nil, nil }

// Mountpoint is nowhere.
func (f *FS) Mountpoint() string { return "" }

// Wait has nothing to wait for.
func (f *FS) Wait() error { return nil }

// Unmount has nothing to unmount.
func (f *FS) Unmount(context.Context) error { return nil }

// SetArchives has nobody to show them to.
func (f *FS) SetArchives([]Archive) Change { return Change{} }

// Stats counts nothing.
func (f *FS) Stats() Stats { return Stats{} }

// Health fails as Possible does.
func (f *FS) Health(context.Context) error { return Possible() }

// KernelWaiting knows of no kernel.
func (f *FS) KernelWaiting() (n int, ok bool) { return 0, false }

func callerThread(context.Context) uint32 { return 0 }
