package mount

import (
	"context"
	"iter"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// dirHandle is an open directory. It is listed only as far as the kernel asks, so a folder of a
// million names costs no memory; seeking back starts the listing again. The kernel does not overlap
// calls on one handle.
type dirHandle struct {
	list iter.Seq2[entry, error]
	// nil until the first read: an unread handle holds nothing
	next func() (entry, error, bool)
	stop func()
	pos  uint64
}

var (
	_ fs.FileReaddirenter = (*dirHandle)(nil)
	_ fs.FileSeekdirer    = (*dirHandle)(nil)
	_ fs.FileReleasedirer = (*dirHandle)(nil)
)

func newDirHandle(list iter.Seq2[entry, error]) *dirHandle {
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
	return &fuse.DirEntry{Name: e.name, Mode: e.mode, Ino: e.ino, Off: h.pos}, fs.OK
}

// Seekdir continues after the entry with offset off.
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

// Releasedir closes the listing.
func (h *dirHandle) Releasedir(context.Context, uint32) { h.rewind() }
