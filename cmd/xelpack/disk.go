package main

import (
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/xelpack/xelpack/internal/units"
)

// enoughDisk says before the first request whether an archive of so many bytes will fit where it is
// to be.
func enoughDisk(file string, need int64) error {
	if err := enoughRoom(filepath.Dir(file), need); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// enoughRoom says whether an archive of so many bytes will fit into a folder. The journal beside it
// holds no more than the few pages that a transaction changes.
func enoughRoom(dir string, need int64) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return fmt.Errorf("%w: the archive needs about %s, and %s has %s", errDiskFull, units.Bytes(need), dir, units.Bytes(free))
	}
	return nil
}

// diskNotes is what enoughDisk would tell a build of file, which a plan only says. Without a file
// the archive is taken to be built where the plan is made.
func diskNotes(file string, need int64) []string {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err == nil {
		err = enoughRoom(dir, need)
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}
