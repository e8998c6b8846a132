package sqlite

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// Lock is the right to write one archive: an open file beside it that no other process may write
// to, and that the system deletes with its last handle, however the process ends.
type Lock struct{ f *os.File }

// A file that its owner has just let go of may be on its way out for a moment.
const (
	lockTries = 40
	lockPause = 5 * time.Millisecond
)

// LockFile takes the lock at once or returns an ErrLocked that names the holder.
func LockFile(path string) (*Lock, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	for try := range lockTries {
		if try > 0 {
			time.Sleep(lockPause)
		}
		var h windows.Handle
		h, err = windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE,
			windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE, nil,
			windows.OPEN_ALWAYS, windows.FILE_ATTRIBUTE_NORMAL|windows.FILE_FLAG_DELETE_ON_CLOSE, 0)
		switch {
		case err == nil:
			l := &Lock{os.NewFile(uintptr(h), path)}
			return l, l.sign()
		case errors.Is(err, windows.ERROR_SHARING_VIOLATION):
			return nil, heldBy(name)
		case !errors.Is(err, windows.ERROR_ACCESS_DENIED) &&
			!errors.Is(err, windows.ERROR_DELETE_PENDING):
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

// heldBy reads who holds the lock.
func heldBy(name *uint16) error {
	h, err := windows.CreateFile(name, windows.GENERIC_READ,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil,
		windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return ErrLocked
	}
	f := os.NewFile(uintptr(h), "lock")
	defer func() { _ = f.Close() }()
	return lockedBy(f)
}

// Release lets go of the file, and with that deletes it.
func (l *Lock) Release() error { return l.f.Close() }
