// Package filesys says what a folder's file system has room for, and what it cannot hold, and does
// what systems do differently about files.
package filesys

import "fmt"

// Info is what is known of the file system that a folder is on.
type Info struct {
	Free    int64  // bytes that the user may still write
	Kind    string // what the system calls it, such as "ntfs"; empty where that is not known
	Network bool   // it is another machine's
	MaxFile int64  // that one file may have; 0: more than any file of ours
}

// fatMaxFile is how large one file may be on FAT16 and FAT32.
const fatMaxFile = 4<<30 - 1

// Of looks at the file system of dir, which must exist.
func Of(dir string) (Info, error) {
	info, err := of(dir)
	if err != nil {
		return Info{}, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return info, nil
}
