package farm

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// tempDir makes a folder for this process and removes those of processes that were killed: a lock
// beside each is held for as long as its process lives.
func tempDir() (dir string, remove func(), err error) {
	const lockSuffix = ".lock"
	prefix := filepath.Join(os.TempDir(), "xelpack-farm-")
	left, _ := filepath.Glob(prefix + "*" + lockSuffix) // the pattern is a good one
	for _, file := range left {
		if lock, err := sqlite.LockFile(file); err == nil { // else it is in use, or another user's
			_ = errors.Join(os.RemoveAll(strings.TrimSuffix(file, lockSuffix)), lock.Release())
		}
	}
	dir = prefix + strings.ToLower(rand.Text()[:10])
	lock, err := sqlite.LockFile(dir + lockSuffix)
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = errors.Join(os.RemoveAll(dir), lock.Release()) } // the next one does
	if err := os.Mkdir(dir, 0o700); err != nil {
		remove()
		return "", nil, err
	}
	return dir, remove, nil
}
