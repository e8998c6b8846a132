package filesys

import "golang.org/x/sys/unix"

func of(dir string) (Info, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return Info{}, err
	}
	info := Info{
		Free: int64(fs.Bavail) * int64(fs.Bsize), Kind: unix.ByteSliceToString(fs.Fstypename[:]),
		Network: fs.Flags&unix.MNT_LOCAL == 0,
	}
	if info.Kind == "msdos" {
		info.MaxFile = fatMaxFile
	}
	return info, nil
}
