package remote

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/sqlite"
)

// stored is a cache in a folder of caches.
type stored struct {
	path  string // of the data
	bytes int64  // on the disk
	used  time.Time
}

// Trim removes caches from a folder, those first that were not used for longest, until they take no
// more than limit bytes. Those in use and the one that was used last stay, whatever they take. What
// private caches of killed processes have left is removed in any case.
func Trim(dir string, limit int64) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	}
	var list []stored
	var total int64
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if err := removePrivate(path); err != nil {
				return err
			}
			continue
		}
		used, err := os.Stat(path + listSuffix)
		if !strings.HasSuffix(path, dataSuffix) || err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // another process has just removed it
		}
		k := stored{path, filesys.OnDisk(info) + used.Size(), used.ModTime()}
		list, total = append(list, k), total+k.bytes
	}
	slices.SortFunc(list, func(a, b stored) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.path, b.path))
	})
	for i := 0; i < len(list)-1 && total > limit; i++ {
		removed, err := remove(list[i].path)
		if err != nil {
			return err
		}
		if removed {
			total -= list[i].bytes
		}
	}
	return nil
}

// remove removes a cache unless a process has it.
func remove(path string) (removed bool, err error) {
	lock, err := sqlite.LockFile(path + sqlite.LockSuffix)
	if errors.Is(err, sqlite.ErrLocked) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, p := range [...]string{path + listSuffix, path} {
		if errRemove := os.Remove(p); !errors.Is(errRemove, fs.ErrNotExist) {
			err = errors.Join(err, errRemove)
		}
	}
	return true, errors.Join(err, lock.Release())
}

// removePrivate removes the folder of a private cache unless a process has it.
func removePrivate(dir string) error {
	name, _, _ := strings.Cut(filepath.Base(dir), privateMark)
	lock, err := sqlite.LockFile(filepath.Join(dir, name+dataSuffix) + sqlite.LockSuffix)
	if errors.Is(err, sqlite.ErrLocked) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	err = lock.Release()
	return errors.Join(err, os.RemoveAll(dir))
}
