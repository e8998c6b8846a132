package mount

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// liveNode is one generation of a texture that is made when it is opened.
type liveNode struct {
	node
	texture    tiles.Texture
	generation uint64
}

var (
	_ fs.NodeGetattrer = (*liveNode)(nil)
	_ fs.NodeOpener    = (*liveNode)(nil)
)

func (n *liveNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.fsys.fixed(&out.Attr, fuse.S_IFREG|0o444, LiveLayout().Size())
	out.SetTimeout(announced)
	return fs.OK
}

// Open waits until the file's content is known, so that reads never wait.
func (n *liveNode) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if writing(flags) {
		return nil, 0, readOnly
	}
	if _, _, ok := n.fsys.shelf.find(n.texture.Key()); ok {
		return nil, 0, syscall.ESTALE // an archive has it now
	}
	a := n.fsys.asked(OpOpen, n.texture, LiveLayout().Size())
	c, from, errno := n.fsys.live.open(ctx, n.texture, n.generation)
	a.answered(from, errno)
	if errno != fs.OK {
		return nil, 0, errno
	}
	n.fsys.counts.live.opens.Add(1)
	h := &liveHandle{fsys: n.fsys, texture: n.texture, content: c, from: from}
	if c.final {
		return h, fuse.FOPEN_KEEP_CACHE, fs.OK
	}
	return h, 0, fs.OK
}

// liveHandle is an open live texture. It reads the same bytes for as long as it is open.
type liveHandle struct {
	fsys    *FS
	texture tiles.Texture
	content *content
	from    Origin // origin of the content when it was opened
}

var (
	_ fs.FileReader   = (*liveHandle)(nil)
	_ fs.FileReleaser = (*liveHandle)(nil)
)

func (h *liveHandle) Read(_ context.Context, dest []byte,
	off int64) (fuse.ReadResult, syscall.Errno) {
	a := h.fsys.asked(OpRead, h.texture, LiveLayout().Size())
	from := h.from
	p, err := h.content.read(h.fsys.ctx, within(dest, off, LiveLayout().Size()), off)
	if err != nil {
		from = FromFallback
		if h.fsys.live.lost(h.texture, h.content) {
			h.fsys.log.Error("texture of the disk cache cannot be read; serving ground colour "+
				"until it is opened again",
				"texture", h.texture.Name(), "offset", off, "error", err)
		}
	}
	a.read(from, off, len(p), fs.OK)
	h.fsys.counts.live.read(len(p))
	return inMemory(p), fs.OK
}

func (h *liveHandle) Release(context.Context) syscall.Errno {
	h.fsys.live.release(h.texture.Key(), h.content)
	return fs.OK
}
