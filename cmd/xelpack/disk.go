package main

import (
	"fmt"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/filesys"
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
	disk, err := filesys.Of(dir)
	if err != nil {
		return err
	}
	if disk.Free < need {
		return fmt.Errorf("%w: the archive needs about %s, and %s has %s", errDiskFull, units.Bytes(need), dir, units.Bytes(disk.Free))
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
