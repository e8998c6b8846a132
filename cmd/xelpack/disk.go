package main

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// walBytes is what the write-ahead log of a build may grow to beside the archive.
const walBytes = 100e6

// enoughDisk says before the first request whether an archive of so many bytes will fit where it is to be.
func enoughDisk(file string, archive int64) error {
	need := archive + min(archive, walBytes)
	var fs syscall.Statfs_t
	dir := filepath.Dir(file)
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("free space of %s: %w", dir, err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return fmt.Errorf("%s: %w: the archive needs about %s, and %s has %s", file, errDiskFull, bytesText(need), dir, bytesText(free))
	}
	return nil
}
