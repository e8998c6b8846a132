package filesys

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

func of(dir string) (Info, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Info{}, err
	}
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return Info{}, err
	}
	var info Info
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return Info{}, err
	}
	info.Free = int64(min(free, 1<<62))
	root := make([]uint16, len(dir)+windows.MAX_PATH)
	if err := windows.GetVolumePathName(path, &root[0], uint32(len(root))); err != nil {
		return info, nil // its kind stays unknown
	}
	info.Network = windows.GetDriveType(&root[0]) == windows.DRIVE_REMOTE
	kind := make([]uint16, windows.MAX_PATH)
	if err := windows.GetVolumeInformation(&root[0], nil, 0, nil, nil, nil, &kind[0],
		uint32(len(kind))); err != nil {
		return info, nil
	}
	info.Kind = strings.ToLower(windows.UTF16ToString(kind))
	if info.Kind == "fat" || info.Kind == "fat32" {
		info.MaxFile = fatMaxFile
	}
	return info, nil
}
