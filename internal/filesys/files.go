package filesys

import (
	"errors"
	"syscall"
)

// Full reports whether err says that the disk, the quota or the largest permitted file is used up.
func Full(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && outOfSpace(errno)
}
