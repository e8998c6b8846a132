package mount

import (
	"context"
	"os"
	"sync"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mount/internal/inode"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// realNode is a file or link of a scenery directory.
type realNode struct {
	node
	path string // on the disk
}

var (
	_ fs.NodeGetattrer  = (*realNode)(nil)
	_ fs.NodeReadlinker = (*realNode)(nil)
	_ fs.NodeOpener     = (*realNode)(nil)
)

func (n *realNode) Getattr(_ context.Context, fh fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	var st syscall.Stat_t
	var err error
	if h, ok := fh.(*realHandle); ok {
		err = syscall.Fstat(h.fd, &st) // the name may be gone
	} else {
		err = syscall.Lstat(n.path, &st)
	}
	if err != nil {
		return fs.ToErrno(err)
	}
	out.FromStat(&st)
	out.SetTimeout(sceneryTimeout)
	return fs.OK
}

func (n *realNode) Readlink(context.Context) ([]byte, syscall.Errno) {
	target, err := os.Readlink(n.path)
	return []byte(target), fs.ToErrno(err)
}

func (n *realNode) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if writing(flags) {
		return nil, 0, readOnly
	}
	a := n.fsys.asked(OpOpen, tiles.Texture{}, 0)
	h, errno := n.open()
	a.answered(FromReal, errno)
	if errno != fs.OK {
		return nil, 0, errno
	}
	n.fsys.counts.real.opens.Add(1)
	if h.passthrough {
		n.fsys.counts.passthrough.Add(1)
	}
	return h, 0, fs.OK
}

func (n *realNode) open() (*realHandle, syscall.Errno) {
	// O_NONBLOCK in case the file has become a pipe since it was looked up.
	fd, err := syscall.Open(n.path,
		syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fs.ToErrno(err)
	}
	h := &realHandle{fsys: n.fsys, fd: fd}
	var st syscall.Stat_t
	err = syscall.Fstat(fd, &st)
	switch {
	case err != nil:
	case st.Mode&syscall.S_IFMT != syscall.S_IFREG || inode.Real(st.Dev, st.Ino) != n.StableAttr().Ino:
		err = syscall.ESTALE // a different file now: make the kernel look the name up again
	default:
		h.passthrough = n.fsys.passthrough.works(n.fsys.server, st.Dev, fd)
	}
	if err != nil {
		_ = syscall.Close(fd)
		return nil, fs.ToErrno(err)
	}
	return h, fs.OK
}

// realHandle is an open file of a scenery directory, with its own descriptor.
type realHandle struct {
	fsys        *goFuse
	fd          int
	passthrough bool
}

var (
	_ fs.FileReader          = (*realHandle)(nil)
	_ fs.FileReleaser        = (*realHandle)(nil)
	_ fs.FilePassthroughFder = (*realHandle)(nil)
)

// PassthroughFd lets the kernel read the file without asking the mount.
func (h *realHandle) PassthroughFd() (int, bool) { return h.fd, h.passthrough }

func (h *realHandle) Read(_ context.Context, dest []byte,
	off int64) (fuse.ReadResult, syscall.Errno) {
	a := h.fsys.asked(OpRead, tiles.Texture{}, 0)
	h.fsys.counts.real.read(len(dest))
	a.read(FromReal, off, len(dest), fs.OK) // the disk's time is spent after this, in the reader
	return fuse.ReadResultFd(uintptr(h.fd), off, len(dest)), fs.OK
}

func (h *realHandle) Release(context.Context) syscall.Errno {
	return fs.ToErrno(syscall.Close(h.fd))
}

// passthrough knows for which disks the kernel can read files directly. This must be known in
// advance: go-fuse gives up pass-through for good after one refusal, and the kernel answers EIO if
// one inode is opened both ways.
type passthrough struct {
	mu      sync.Mutex
	offered bool            // by this kernel
	devices map[uint64]bool // result of the trial by device
}

// works reports whether files of device dev, of which fd is one, can be passed through. It tries
// the first one: the process may lack the privilege, or file systems may be stacked too deep.
func (p *passthrough) works(server *fuse.Server, dev uint64, fd int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.offered {
		return false
	}
	ok, tried := p.devices[dev]
	if !tried {
		id, errno := server.RegisterBackingFd(&fuse.BackingMap{Fd: int32(fd)})
		ok = errno == 0
		if ok {
			_ = server.UnregisterBackingFd(id)
		}
		p.devices[dev] = ok
	}
	return ok
}
