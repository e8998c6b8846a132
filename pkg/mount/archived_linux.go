package mount

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// archivedNode is a texture of an archive. Its bytes never change, so that open files need no state
// of their own.
type archivedNode struct {
	node
	from  shelved
	entry mbtiles.Entry
}

var (
	_ fs.NodeGetattrer = (*archivedNode)(nil)
	_ fs.NodeOpener    = (*archivedNode)(nil)
	_ fs.NodeReader    = (*archivedNode)(nil)
)

func (n *archivedNode) Getattr(_ context.Context, _ fs.FileHandle,
	out *fuse.AttrOut) syscall.Errno {
	n.fsys.fixed(&out.Attr, fuse.S_IFREG|0o444, n.entry.Layout.Size())
	out.SetTimeout(announced)
	return fs.OK
}

func (n *archivedNode) Open(_ context.Context,
	flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if writing(flags) {
		return nil, 0, readOnly
	}
	if a, _, ok := n.fsys.shelf.find(n.entry.Texture.Key()); ok &&
		a.generation != n.from.generation {
		return nil, 0, syscall.ESTALE // another archive answers now: look it up again
	}
	a := n.fsys.asked(OpOpen, n.entry.Texture, n.entry.Layout.Size())
	defer a.answered(FromArchive, fs.OK)
	n.fsys.counts.archived.opens.Add(1)
	if n.fsys.damaged.has(n.entry.Texture.Key()) {
		return nil, 0, fs.OK // ground colour may be cached; the next open gets a new identity
	}
	return nil, fuse.FOPEN_KEEP_CACHE, fs.OK
}

// Read never fails: bytes that cannot be read are served as ground colour.
func (n *archivedNode) Read(_ context.Context, _ fs.FileHandle, dest []byte,
	off int64) (fuse.ReadResult, syscall.Errno) {
	f, l := n.fsys, n.entry.Layout
	p := within(dest, off, l.Size())
	a, from := f.asked(OpRead, n.entry.Texture, l.Size()), FromArchive
	// Not the request's context: a signal to the reader must not abort the read.
	if err := readFull(f.ctx, n.from, n.entry, p, off); err != nil {
		if f.damaged.add(n.entry.Texture.Key()) {
			f.log.Error("archived texture cannot be read; serving ground colour instead",
				"texture", n.entry.Texture.Name(), "offset", off, "error", err)
		}
		ground(l, p, off)
		from = FromFallback
	} else if r, ok := n.from.Archive.(aheadReader); ok {
		r.ReadAhead(f.ctx, n.entry, off+int64(len(p)))
	}
	a.read(from, off, len(p), fs.OK)
	f.counts.archived.read(len(p))
	return inMemory(p), fs.OK
}

// inMemory answers a read with p. (ReadResultData would make go-fuse prepare a pipe first, which
// only helps with file descriptors.)
func inMemory(p []byte) fuse.ReadResult { return fuse.ReadResultVector([][]byte{p}) }
