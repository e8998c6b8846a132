package mount

import (
	"context"
	"iter"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// dirHandle is an open directory. The listing runs as far as the kernel asks, so that a folder of a
// million names costs no memory; going back begins it again. The kernel's calls on one handle do
// not overlap.
type dirHandle struct {
	list iter.Seq2[fuse.DirEntry, error]
	next func() (fuse.DirEntry, error, bool) // nil until something is read: a handle that the kernel forgets with the mount then holds nothing
	stop func()
	pos  uint64
}

var (
	_ fs.FileReaddirenter = (*dirHandle)(nil)
	_ fs.FileSeekdirer    = (*dirHandle)(nil)
	_ fs.FileReleasedirer = (*dirHandle)(nil)
)

func newDirHandle(list iter.Seq2[fuse.DirEntry, error]) *dirHandle {
	return &dirHandle{list: list}
}

// rewind goes back to before the first entry.
func (h *dirHandle) rewind() {
	if h.next != nil {
		h.stop()
	}
	h.next, h.stop, h.pos = nil, nil, 0
}

// Readdirent returns the next entry, or nil at the end.
func (h *dirHandle) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if h.next == nil {
		h.next, h.stop = iter.Pull2(h.list)
	}
	e, err, ok := h.next()
	if !ok {
		return nil, fs.OK
	}
	if err != nil {
		return nil, fs.ToErrno(err)
	}
	h.pos++
	e.Off = h.pos
	return &e, fs.OK
}

// Seekdir goes to where the entry with offset off ends.
func (h *dirHandle) Seekdir(ctx context.Context, off uint64) syscall.Errno {
	if off < h.pos {
		h.rewind()
	}
	for h.pos < off {
		if e, errno := h.Readdirent(ctx); e == nil {
			return errno
		}
	}
	return fs.OK
}

// Releasedir lets go of what the listing holds open.
func (h *dirHandle) Releasedir(context.Context, uint32) { h.rewind() }
