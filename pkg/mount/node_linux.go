package mount

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// node makes every node read-only. The kernel refuses most writes itself, since the mount is
// read-only; these answers hold even if the mount is remounted read-write.
type node struct {
	fs.Inode
	fsys *goFuse
}

const readOnly = syscall.EROFS

func (*node) Setattr(context.Context, fs.FileHandle, *fuse.SetAttrIn, *fuse.AttrOut) syscall.Errno {
	return readOnly
}

func (*node) Mkdir(context.Context, string, uint32, *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, readOnly
}

func (*node) Mknod(context.Context, string, uint32, uint32,
	*fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, readOnly
}

func (*node) Symlink(context.Context, string, string, *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, readOnly
}

func (*node) Link(context.Context, fs.InodeEmbedder, string,
	*fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, readOnly
}

func (*node) Create(context.Context, string, uint32, uint32,
	*fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, readOnly
}

func (*node) Unlink(context.Context, string) syscall.Errno { return readOnly }
func (*node) Rmdir(context.Context, string) syscall.Errno  { return readOnly }

func (*node) Rename(context.Context, string, fs.InodeEmbedder, string, uint32) syscall.Errno {
	return readOnly
}

// Access is left to the kernel (default_permissions).
func (*node) Access(context.Context, uint32) syscall.Errno { return syscall.ENOSYS }

// Statfs reports no free space.
func (*node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Frsize, out.NameLen = blockSize, blockSize, 255
	return fs.OK
}

// writing reports whether the flags of open(2) ask for more than reading.
func writing(flags uint32) bool {
	return flags&(syscall.O_WRONLY|syscall.O_RDWR|syscall.O_TRUNC|syscall.O_APPEND) != 0
}

// fixed fills in the attributes of what exists in no directory of the disk.
func (g *goFuse) fixed(out *fuse.Attr, mode uint32, size int64) {
	out.Mode, out.Nlink, out.Owner = mode, 1, g.owner
	out.Size, out.Blksize, out.Blocks = uint64(size), blockSize, uint64(size+511)/512
	out.Atime, out.Mtime, out.Ctime = fixedTime, fixedTime, fixedTime
}
