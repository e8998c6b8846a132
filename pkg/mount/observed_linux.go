package mount

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// observed reports the requests that nodes do not report themselves: all except opens and reads of
// files.
type observed struct {
	fuse.RawFileSystem
	fsys *tree
}

// observe wraps raw, or returns it if there is no observer.
func (g *goFuse) observe(raw fuse.RawFileSystem) fuse.RawFileSystem {
	if g.observer == nil {
		return raw
	}
	return &observed{raw, g.tree}
}

func (o *observed) Lookup(cancel <-chan struct{}, header *fuse.InHeader, name string,
	out *fuse.EntryOut) fuse.Status {
	a := o.fsys.asked(OpLookup, tiles.Texture{}, 0)
	status := o.RawFileSystem.Lookup(cancel, header, name, out)
	answer := Answer{Op: OpLookup, Start: a.start, Took: time.Since(a.start),
		Errno: syscall.Errno(status)}
	if status == fuse.ENOENT || status == fuse.OK && out.NodeId == 0 {
		answer.Texture, answer.Missing = parseFile(name)
	}
	a.observer.Answered(answer)
	return status
}

func (o *observed) tell(op Op, do func() fuse.Status) fuse.Status {
	a := o.fsys.asked(op, tiles.Texture{}, 0)
	status := do()
	a.answered(FromNowhere, syscall.Errno(status))
	return status
}

func (o *observed) GetAttr(cancel <-chan struct{}, in *fuse.GetAttrIn,
	out *fuse.AttrOut) fuse.Status {
	return o.tell(OpStat, func() fuse.Status { return o.RawFileSystem.GetAttr(cancel, in, out) })
}

func (o *observed) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return o.tell(OpList, func() fuse.Status { return o.RawFileSystem.OpenDir(cancel, in, out) })
}

func (o *observed) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn,
	out *fuse.DirEntryList) fuse.Status {
	return o.tell(OpList, func() fuse.Status { return o.RawFileSystem.ReadDir(cancel, in, out) })
}

func (o *observed) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn,
	out *fuse.DirEntryList) fuse.Status {
	return o.tell(OpList, func() fuse.Status {
		return o.RawFileSystem.ReadDirPlus(cancel, in, out)
	})
}

func (o *observed) StatFs(cancel <-chan struct{}, in *fuse.InHeader,
	out *fuse.StatfsOut) fuse.Status {
	return o.tell(OpOther, func() fuse.Status { return o.RawFileSystem.StatFs(cancel, in, out) })
}

func (o *observed) Readlink(cancel <-chan struct{},
	header *fuse.InHeader) (target []byte, status fuse.Status) {
	status = o.tell(OpOther, func() fuse.Status {
		target, status = o.RawFileSystem.Readlink(cancel, header)
		return status
	})
	return target, status
}

// KernelWaiting returns how many requests the kernel has queued for the mount or waits for. ok is
// false if the FUSE control file system is not available.
func (f *FS) KernelWaiting() (n int, ok bool) {
	_, minor, found := strings.Cut(f.device, ":")
	if !found {
		return 0, false
	}
	text, err := os.ReadFile("/sys/fs/fuse/connections/" + minor + "/waiting")
	if err != nil {
		return 0, false
	}
	n, err = strconv.Atoi(strings.TrimSpace(string(text)))
	return n, err == nil
}

// callerThread is the thread that makes a request, or 0 where nobody knows.
func callerThread(request context.Context) uint32 {
	if caller, ok := fuse.FromContext(request); ok {
		return caller.Pid
	}
	return 0
}
