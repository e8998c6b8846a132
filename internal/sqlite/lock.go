package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/xelpack/xelpack/internal/filesys"
)

// lockedBy returns an ErrLocked with the holder named in the lock's file.
func lockedBy(f io.Reader) error {
	owner, _ := io.ReadAll(io.LimitReader(f, 256))
	if len(owner) == 0 {
		return ErrLocked
	}
	return fmt.Errorf("%w (%s)", ErrLocked, strings.TrimSpace(string(owner)))
}

// sign writes the holder into the lock file, for the error of the next process. A failure on a full
// disk does not matter.
func (l *Lock) sign() error {
	if err := l.f.Truncate(0); err != nil {
		return l.fail(err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	if _, err := fmt.Fprintf(l.f, "process %d on %s\n", os.Getpid(), host); err != nil &&
		!filesys.Full(err) {
		return l.fail(err)
	}
	return nil
}

func (l *Lock) fail(err error) error {
	return errors.Join(fmt.Errorf("lock: %w", err), l.Release())
}

// RemoveStaleLock removes the lock file of a process that was killed after renaming its archive.
// Errors are left to the next process that needs the lock.
func RemoveStaleLock(path string) {
	if _, err := os.Lstat(path); err != nil {
		return
	}
	if l, err := LockFile(path); err == nil {
		_ = l.Release()
	}
}
