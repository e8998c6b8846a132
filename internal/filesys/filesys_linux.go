package filesys

import "golang.org/x/sys/unix"

func of(dir string) (Info, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return Info{}, err
	}
	info := Info{Free: int64(fs.Bavail) * fs.Bsize}
	switch uint32(fs.Type) { // the word is signed on some processors
	case unix.MSDOS_SUPER_MAGIC:
		info.Kind, info.MaxFile = "fat", fatMaxFile
	case unix.EXFAT_SUPER_MAGIC:
		info.Kind = "exfat"
	case unix.NFS_SUPER_MAGIC:
		info.Kind, info.Network = "nfs", true
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		info.Kind, info.Network = "smb", true
	case unix.V9FS_MAGIC:
		info.Kind, info.Network = "9p", true
	case unix.AFS_SUPER_MAGIC:
		info.Kind, info.Network = "afs", true
	case unix.CEPH_SUPER_MAGIC:
		info.Kind, info.Network = "ceph", true
	}
	return info, nil
}
