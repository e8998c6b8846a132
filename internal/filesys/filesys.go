// Package filesys describes the file system of a folder (free space, limits) and hides how systems
// differ in handling files.
package filesys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Info describes the file system of a folder.
type Info struct {
	Free    int64  // bytes that the user may still write
	Kind    string // the system's name for it, such as "ntfs"; empty: unknown
	Network bool   // on another machine
	MaxFile int64  // largest file; 0: larger than any archive
	Cloud   string // the service that copies the folder to a cloud; empty: none known
}

// fatMaxFile is the largest file on FAT16 and FAT32.
const fatMaxFile = 4<<30 - 1

// Of returns the file system of dir, which must exist.
func Of(dir string) (Info, error) {
	info, err := of(dir)
	if err != nil {
		return Info{}, fmt.Errorf("free space of %s: %w", dir, err)
	}
	if dir, err := filepath.Abs(dir); err == nil {
		info.Cloud = cloud(dir, os.Getenv)
	}
	return info, nil
}

// cloud recognises a folder of OneDrive by the names that OneDrive gives to its folders, or by its
// variables, for folders that the user has moved.
func cloud(dir string, env func(string) string) string {
	parts := strings.FieldsFunc(dir, func(r rune) bool { return r == '/' || r == '\\' })
	for _, part := range parts {
		part = strings.ToLower(part)
		if part == "onedrive" || strings.HasPrefix(part, "onedrive - ") ||
			strings.HasPrefix(part, "onedrive-") {
			return "OneDrive"
		}
	}
	for _, name := range [...]string{"OneDrive", "OneDriveCommercial", "OneDriveConsumer"} {
		root := env(name)
		if rel, err := filepath.Rel(root, dir); root != "" && err == nil && filepath.IsLocal(rel) {
			return "OneDrive"
		}
	}
	return ""
}
