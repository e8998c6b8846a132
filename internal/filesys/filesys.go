// Package filesys describes the file system of a folder (free space, limits) and hides how systems
// differ in handling files.
package filesys

import "fmt"

// Info describes the file system of a folder.
type Info struct {
	Free    int64  // bytes that the user may still write
	Kind    string // the system's name for it, such as "ntfs"; empty: unknown
	Network bool   // on another machine
	MaxFile int64  // largest file; 0: larger than any archive
}

// fatMaxFile is the largest file on FAT16 and FAT32.
const fatMaxFile = 4<<30 - 1

// Of returns the file system of dir, which must exist.
func Of(dir string) (Info, error) {
	info, err := of(dir)
	if err != nil {
		return Info{}, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return info, nil
}
