package filesys

import (
	"errors"
	"syscall"
)

// Full reports whether err means that the disk, the quota or the file size limit is exhausted.
func Full(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && outOfSpace(errno)
}
