//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock is the right to write one archive. It is an flock on a file beside the archive, so the
// kernel releases it however the process ends. It is not on the archive itself: closing a
// descriptor of the archive would drop this process's SQLite locks.
type Lock struct {
	f    *os.File
	path string
}

// LockFile takes the lock at once or returns an ErrLocked that names the holder.
func LockFile(path string) (*Lock, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err := lockedBy(f)
			_ = f.Close()
			return nil, err
		}
		if err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		l := &Lock{f: f, path: path}
		if !l.current() { // the previous owner removed it between our open and our lock
			_ = f.Close()
			continue
		}
		return l, l.sign()
	}
}

// current reports whether the locked file still has its name.
func (l *Lock) current() bool {
	locked, err := l.f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.path)
	return err == nil && os.SameFile(locked, named)
}

// Release removes the file before releasing the lock, so that nothing is left beside the archive.
func (l *Lock) Release() error {
	return errors.Join(os.Remove(l.path), l.f.Close())
}
