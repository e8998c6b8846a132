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
	path, err := windows.UTF16PtrFromString(strings.TrimRight(dir, `\`) + `\`) // a share must end so
	if err != nil {
		return Info{}, err
	}
	var info Info
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return Info{}, err
	}
	info.Free = int64(min(free, 1<<62))
	info.volume(dir, volumeOf)
	return info, nil
}

// volumeOf asks the system for the volume that a path is on; what it does not tell stays zero.
func volumeOf(dir string) (kind string, drive uint32) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return "", 0
	}
	root := make([]uint16, len(dir)+windows.MAX_PATH)
	if err := windows.GetVolumePathName(path, &root[0], uint32(len(root))); err != nil {
		return "", 0
	}
	drive = windows.GetDriveType(&root[0])
	name := make([]uint16, windows.MAX_PATH)
	if err := windows.GetVolumeInformation(&root[0], nil, 0, nil, nil, nil, &name[0],
		uint32(len(name))); err != nil {
		return "", drive
	}
	return windows.UTF16ToString(name), drive
}
