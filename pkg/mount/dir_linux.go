package mount

import (
	"context"
	"errors"
	"iter"
	"os"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// texturesName is the root's folder of textures. It exists whether or not a scenery directory has
// it.
const texturesName = "textures"

// dirNode is the union of the directories at one path below the scenery roots.
type dirNode struct {
	node
	path string // relative to a root, no slash at either end; "" is the root
}

var (
	_ fs.NodeLookuper       = (*dirNode)(nil)
	_ fs.NodeGetattrer      = (*dirNode)(nil)
	_ fs.NodeOpendirHandler = (*dirNode)(nil)
)

func (d *dirNode) child(name string) string {
	if d.path == "" {
		return name
	}
	return d.path + "/" + name
}

func (d *dirNode) Lookup(ctx context.Context, name string,
	out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if d.path == "" && name == texturesName {
		t := &texturesNode{dirNode{node{fsys: d.fsys}, texturesName}}
		_ = d.fsys.dirAttr(texturesName, &out.Attr) // cannot fail: the folder always exists
		return d.NewInode(ctx, t, fs.StableAttr{Mode: fuse.S_IFDIR, Ino: dirIno(texturesName)}),
			fs.OK
	}
	return d.lookupReal(ctx, name, out)
}

// lookupReal looks name up in the scenery directories; the first that has it answers.
func (d *dirNode) lookupReal(ctx context.Context, name string,
	out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	path := d.child(name)
	full, st, errno := d.fsys.stat(path)
	if errno != fs.OK {
		return nil, errno
	}
	out.SetEntryTimeout(sceneryTimeout)
	if st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		if errno := d.fsys.dirAttr(path, &out.Attr); errno != fs.OK {
			return nil, errno // it was removed in between
		}
		child := &dirNode{node{fsys: d.fsys}, path}
		return d.NewInode(ctx, child, fs.StableAttr{Mode: fuse.S_IFDIR, Ino: dirIno(path)}), fs.OK
	}
	out.Attr.FromStat(st)
	id := fs.StableAttr{Mode: st.Mode & syscall.S_IFMT, Ino: realIno(st.Dev, st.Ino),
		Gen: pathHash(full)}
	return d.NewInode(ctx, &realNode{node: node{fsys: d.fsys}, path: full}, id), fs.OK
}

func (d *dirNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return d.fsys.dirAttr(d.path, &out.Attr)
}

// stat finds path below the first scenery root that has it. Links are not followed.
func (f *FS) stat(path string) (full string, st *syscall.Stat_t, errno syscall.Errno) {
	st = new(syscall.Stat_t)
	errno = syscall.ENOENT
	for _, root := range f.scenery {
		full = root + "/" + path
		switch err := syscall.Lstat(full, st); err {
		case nil:
			return full, st, fs.OK
		case syscall.ENOENT, syscall.ENOTDIR:
		default: // reported only if no other root has it
			errno = fs.ToErrno(err)
		}
	}
	return "", nil, errno
}

// dirAttr fills in the attributes of the directory at path: those of the first scenery root that
// has it. The root and textures exist in any case.
func (f *FS) dirAttr(path string, out *fuse.Attr) syscall.Errno {
	for _, root := range f.scenery {
		var st syscall.Stat_t
		// Links are followed here: the roots may be, and so may textures.
		if err := syscall.Stat(root+"/"+path, &st); err == nil &&
			st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
			out.FromStat(&st)
			out.Nlink = 1 // unknown for a union; find treats 1 as unknown
			return fs.OK
		}
	}
	if path != "" && path != texturesName {
		return syscall.ENOENT
	}
	f.fixed(out, fuse.S_IFDIR|0o555, 0)
	return fs.OK
}

func (d *dirNode) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return newDirHandle(d.entries), 0, fs.OK
}

// entries lists the directory without a stat per entry: the directory listing has the types.
func (d *dirNode) entries(yield func(fuse.DirEntry, error) bool) {
	textures := d.path == ""
	for e, err := range d.realEntries {
		textures = textures && e.Name != texturesName
		if err == nil && d.path == "" && e.Name == texturesName {
			e.Mode = fuse.S_IFDIR // even if it is a link
		}
		if !yield(e, err) {
			return
		}
	}
	if textures {
		yield(fuse.DirEntry{Name: texturesName, Mode: fuse.S_IFDIR, Ino: dirIno(texturesName)}, nil)
	}
}

// realEntries lists what the scenery roots hold at the directory's path, each name once.
func (d *dirNode) realEntries(yield func(fuse.DirEntry, error) bool) {
	for _, name := range []string{".", ".."} {
		if !yield(fuse.DirEntry{Name: name, Mode: fuse.S_IFDIR, Ino: dirIno(d.path)}, nil) {
			return
		}
	}
	roots := d.fsys.scenery
	seen := make(map[string]bool)
	for i, root := range roots {
		for e, err := range listDir(root + "/" + d.path) {
			if err == nil && (seen[e.Name] || e.Name == "." || e.Name == "..") {
				continue
			}
			if i < len(roots)-1 { // only if another root follows: there may be a million
				seen[e.Name] = true
			}
			if e.Mode == fuse.S_IFDIR {
				e.Ino = dirIno(d.child(e.Name))
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// listDir lists a directory of the disk, with the mount's inode numbers. A missing directory is
// empty.
func listDir(path string) iter.Seq2[fuse.DirEntry, error] {
	return func(yield func(fuse.DirEntry, error) bool) {
		var st syscall.Stat_t
		err := syscall.Stat(path, &st)
		if errors.Is(err, os.ErrNotExist) || err == nil &&
			st.Mode&syscall.S_IFMT != syscall.S_IFDIR {
			return
		}
		if err != nil {
			yield(fuse.DirEntry{}, err)
			return
		}
		stream, errno := fs.NewLoopbackDirStream(path)
		if errno != fs.OK {
			yield(fuse.DirEntry{}, errno)
			return
		}
		defer stream.Close()
		for stream.HasNext() {
			e, errno := stream.Next()
			if errno != fs.OK {
				yield(fuse.DirEntry{}, errno)
				return
			}
			if !yield(fuse.DirEntry{Name: e.Name, Mode: e.Mode, Ino: realIno(st.Dev, e.Ino)}, nil) {
				return
			}
		}
	}
}
