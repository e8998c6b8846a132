package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// Lock is the right to write one archive. It is an flock on a file beside the archive, so the
// kernel releases it however the process ends. It is not on the archive itself: closing a
// descriptor of that would drop the locks that SQLite holds on it in this process.
type Lock struct {
	f    *os.File
	path string
}

// LockFile takes the lock at once or returns an ErrLocked that says who holds it.
func LockFile(path string) (*Lock, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			owner, _ := io.ReadAll(io.LimitReader(f, 256))
			_ = f.Close()
			if len(owner) == 0 {
				return nil, ErrLocked
			}
			return nil, fmt.Errorf("%w (%s)", ErrLocked, strings.TrimSpace(string(owner)))
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

// current reports whether the locked file is still the one of that name.
func (l *Lock) current() bool {
	locked, err := l.f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.path)
	return err == nil && os.SameFile(locked, named)
}

// sign writes down who holds the lock, for the message of the next to try. That it may fail on a
// full disk does not matter.
func (l *Lock) sign() error {
	if err := l.f.Truncate(0); err != nil {
		return l.fail(err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	if _, err := fmt.Fprintf(l.f, "process %d on %s\n", os.Getpid(), host); err != nil && !errors.Is(err, syscall.ENOSPC) {
		return l.fail(err)
	}
	return nil
}

func (l *Lock) fail(err error) error {
	return errors.Join(fmt.Errorf("lock: %w", err), l.Release())
}

// Release removes the file before it lets go of it, so that nothing is left beside the archive.
func (l *Lock) Release() error {
	return errors.Join(os.Remove(l.path), l.f.Close())
}

// RemoveStaleLock tidies up after a process that was killed between the renaming of its archive and
// its end. Any trouble is left to whoever next needs the lock.
func RemoveStaleLock(path string) {
	if _, err := os.Lstat(path); err != nil {
		return
	}
	if l, err := LockFile(path); err == nil {
		_ = l.Release()
	}
}
