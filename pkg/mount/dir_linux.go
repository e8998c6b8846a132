package mount

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"syscall"

	"github.com/xelpack/xelpack/pkg/mount/internal/inode"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// dirNode is a folder of the tree.
type dirNode struct {
	node
	path string // relative to a root, no slash at either end; "" is the root
}

var (
	_ fusefs.NodeLookuper       = (*dirNode)(nil)
	_ fusefs.NodeGetattrer      = (*dirNode)(nil)
	_ fusefs.NodeOpendirHandler = (*dirNode)(nil)
)

func (d *dirNode) Lookup(ctx context.Context, name string,
	out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	x, errno := d.fsys.lookup(d.path, name)
	if x.keep > 0 {
		out.SetEntryTimeout(x.keep)
	}
	if errno != fusefs.OK {
		return nil, errno
	}
	d.fsys.attr(x, &out.Attr)
	id := fusefs.StableAttr{Mode: out.Mode & syscall.S_IFMT, Ino: x.ino, Gen: x.gen}
	switch x.kind {
	case isFolder:
		return d.NewInode(ctx, &dirNode{node{fsys: d.fsys}, x.path}, id), fusefs.OK
	case isReal:
		return d.NewInode(ctx, &realNode{node: node{fsys: d.fsys}, path: x.path}, id), fusefs.OK
	}
	out.SetAttrTimeout(x.keep)
	if x.kind == isLive {
		return d.NewInode(ctx, &liveNode{node{fsys: d.fsys}, x}, id), fusefs.OK
	}
	return d.NewInode(ctx, &archivedNode{node{fsys: d.fsys}, x}, id), fusefs.OK
}

func (d *dirNode) Getattr(_ context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	x, errno := d.fsys.folder(d.path)
	if errno == fusefs.OK {
		d.fsys.attr(x, &out.Attr)
	}
	return errno
}

// attr fills in the attributes of x.
func (g *goFuse) attr(x found, out *fuse.Attr) {
	switch {
	case x.info != nil:
		out.FromStat(x.info.Sys().(*syscall.Stat_t))
		if x.kind == isFolder {
			out.Nlink = 1 // unknown for a union; find understands 1 as that
		}
	case x.kind == isFolder:
		g.fixed(out, fuse.S_IFDIR|0o555, 0)
	default:
		g.fixed(out, fuse.S_IFREG|0o444, x.size)
	}
}

func (d *dirNode) OpendirHandle(context.Context,
	uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	return newDirHandle(d.fsys.list(d.path)), 0, fusefs.OK
}

// identity returns what tells a file of the disk from others, and what tells its names apart.
func identity(full string, info fs.FileInfo) (ino, gen uint64) {
	st := info.Sys().(*syscall.Stat_t)
	return inode.Real(st.Dev, st.Ino), inode.Hash(full)
}

// listDir lists a directory of the disk, with the mount's inode numbers. A missing directory is
// empty.
func listDir(path string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		var st syscall.Stat_t
		err := syscall.Stat(path, &st)
		if errors.Is(err, os.ErrNotExist) || err == nil &&
			st.Mode&syscall.S_IFMT != syscall.S_IFDIR {
			return
		}
		if err != nil {
			yield(entry{}, err)
			return
		}
		stream, errno := fusefs.NewLoopbackDirStream(path)
		if errno != fusefs.OK {
			yield(entry{}, errno)
			return
		}
		defer stream.Close()
		for stream.HasNext() {
			e, errno := stream.Next()
			if errno != fusefs.OK {
				yield(entry{}, errno)
				return
			}
			if !yield(entry{e.Name, e.Mode, inode.Real(st.Dev, e.Ino)}, nil) {
				return
			}
		}
	}
}
