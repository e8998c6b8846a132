package mount

import "errors"

// What Mount and Unmount refuse, or fail at, for a reason that a caller may want to tell apart.
var (
	ErrMountpoint = errors.New("not a directory to mount on")
	ErrNotEmpty   = errors.New("the mountpoint is not empty")
	ErrMounted    = errors.New("something is mounted there already")
	ErrNotMounted = errors.New("nothing of xelpack is mounted there")
	ErrInside     = errors.New("the mountpoint would cover what it shows")
	ErrStale      = errors.New("a mount of a dead process could not be cleared")
	ErrNoFUSE     = errors.New("FUSE is not available")
	ErrBusy       = errors.New("the mount is in use")
)
