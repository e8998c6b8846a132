package main

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// enoughDisk says before the first request whether an archive of so many bytes will fit where it is to be. The journal beside it holds no more than the few
// pages that a transaction changes.
func enoughDisk(file string, need int64) error {
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
