package mount

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/mount/internal/distant"
)

// archivedNode is a texture of an archive. Its bytes never change, so that open files need no state
// of their own.
type archivedNode struct {
	node
	found found
}

var (
	_ fs.NodeGetattrer = (*archivedNode)(nil)
	_ fs.NodeOpener    = (*archivedNode)(nil)
	_ fs.NodeReader    = (*archivedNode)(nil)
	_ fs.FileReleaser  = (*distant.File)(nil)
)

func (n *archivedNode) Getattr(_ context.Context, _ fs.FileHandle,
	out *fuse.AttrOut) syscall.Errno {
	n.texture(out, n.found.size)
	return fs.OK
}

func (n *archivedNode) Open(_ context.Context,
	flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if writing(flags) {
		return nil, 0, readOnly
	}
	file, keep, errno := n.fsys.openArchived(n.found)
	if file == nil {
		return nil, keeping(keep), errno
	}
	return file, keeping(keep), errno
}

func (n *archivedNode) Read(_ context.Context, h fs.FileHandle, dest []byte,
	off int64) (fuse.ReadResult, syscall.Errno) {
	file, _ := h.(*distant.File)
	return inMemory(n.fsys.readArchived(n.found, file, dest, off)), fs.OK
}

// liveNode is one generation of a texture that is made when it is opened.
type liveNode struct {
	node
	found found
}

var (
	_ fs.NodeGetattrer = (*liveNode)(nil)
	_ fs.NodeOpener    = (*liveNode)(nil)
)

func (n *liveNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.texture(out, n.found.size)
	return fs.OK
}

func (n *liveNode) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if writing(flags) {
		return nil, 0, readOnly
	}
	h, errno := n.fsys.openLive(ctx, n.found)
	if errno != fs.OK {
		return nil, 0, errno
	}
	return liveHandle{h}, keeping(h.content.final), fs.OK
}

type liveHandle struct{ *liveFile }

var (
	_ fs.FileReader   = liveHandle{}
	_ fs.FileReleaser = liveHandle{}
)

func (h liveHandle) Read(_ context.Context, dest []byte,
	off int64) (fuse.ReadResult, syscall.Errno) {
	return inMemory(h.read(dest, off)), fs.OK
}

func (h liveHandle) Release(context.Context) syscall.Errno {
	h.close()
	return fs.OK
}

// texture fills in the attributes of a texture, which hold as long as the mount lasts.
func (n *node) texture(out *fuse.AttrOut, size int64) {
	n.fsys.fixed(&out.Attr, fuse.S_IFREG|0o444, size)
	out.SetTimeout(announced)
}

func keeping(keep bool) uint32 {
	if keep {
		return fuse.FOPEN_KEEP_CACHE
	}
	return 0
}

// inMemory answers a read with p. (ReadResultData would make go-fuse prepare a pipe first, which
// only helps with file descriptors.)
func inMemory(p []byte) fuse.ReadResult { return fuse.ReadResultVector([][]byte{p}) }
