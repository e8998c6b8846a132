package mount

import "errors"

// Errors of Mount and Unmount that a caller may want to tell apart.
var (
	ErrMountpoint = errors.New("not a directory to mount on")
	ErrNotEmpty   = errors.New("mountpoint is not empty")
	ErrMounted    = errors.New("mountpoint is already in use")
	ErrNotMounted = errors.New("no xelpack mount at this path")
	ErrInside     = errors.New("mountpoint would cover its own source")
	ErrStale      = errors.New("a mount of a dead process could not be cleared")
	ErrNoFUSE     = errors.New("FUSE is not available")
	ErrBusy       = errors.New("the mount is in use")
)
