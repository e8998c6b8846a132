package faultfs

import (
	"bytes"
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

type folder struct {
	fs.Inode
	f *FS
}

var (
	_ fs.NodeCreater        = (*folder)(nil)
	_ fs.NodeRenamer        = (*folder)(nil)
	_ fs.NodeUnlinker       = (*folder)(nil)
	_ fs.NodeOpendirHandler = (*folder)(nil)
)

// add adds a file before the folder is in use.
func (d *folder) add(name string, data []byte) {
	d.f.mu.Lock()
	d.f.inodes++
	n := &file{f: d.f, inode: d.f.inodes, name: name, data: data}
	d.f.files[name] = n
	d.f.mu.Unlock()
	d.AddChild(name, d.NewPersistentInode(context.Background(), n,
		fs.StableAttr{Mode: syscall.S_IFREG}), true)
}

func (d *folder) Create(ctx context.Context, name string, _, _ uint32,
	out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	n := &file{f: d.f, name: name}
	d.f.mu.Lock()
	d.f.inodes++
	n.inode = d.f.inodes
	d.f.mu.Unlock()
	errno := d.f.do(Step{Kind: Create, Name: name, inode: n.inode, Grows: true},
		func() { d.f.files[name] = n })
	if errno != 0 {
		return nil, nil, 0, errno
	}
	out.Mode = syscall.S_IFREG | 0o666
	return d.NewPersistentInode(ctx, n, fs.StableAttr{Mode: syscall.S_IFREG}), nil, 0, 0
}

func (d *folder) Rename(_ context.Context, name string, _ fs.InodeEmbedder, to string,
	_ uint32) syscall.Errno {
	d.f.mu.Lock()
	n := d.f.files[name]
	d.f.mu.Unlock()
	return d.f.do(Step{Kind: Rename, Name: name, To: to, inode: n.inode}, func() {
		delete(d.f.files, name)
		d.f.files[to] = n
		n.name = to
	})
}

func (d *folder) Unlink(_ context.Context, name string) syscall.Errno {
	return d.f.do(Step{Kind: Remove, Name: name}, func() { delete(d.f.files, name) })
}

func (d *folder) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	h := &listing{f: d.f}
	for name := range d.f.files {
		h.names = append(h.names, name)
	}
	return h, 0, 0
}

// listing is an open directory, for reading or syncing.
type listing struct {
	f     *FS
	names []string // not yet read
}

var (
	_ fs.FileReaddirenter = (*listing)(nil)
	_ fs.FileFsyncdirer   = (*listing)(nil)
)

func (l *listing) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if len(l.names) == 0 {
		return nil, 0
	}
	e := &fuse.DirEntry{Name: l.names[0], Mode: syscall.S_IFREG}
	l.names = l.names[1:]
	return e, 0
}

func (l *listing) Fsyncdir(context.Context, uint32) syscall.Errno {
	return l.f.do(Step{Kind: SyncFolder}, func() {})
}

type file struct {
	fs.Inode
	f     *FS
	inode int

	// Under f.mu.
	name string
	data []byte
}

var (
	_ fs.NodeOpener    = (*file)(nil)
	_ fs.NodeReader    = (*file)(nil)
	_ fs.NodeWriter    = (*file)(nil)
	_ fs.NodeGetattrer = (*file)(nil)
	_ fs.NodeSetattrer = (*file)(nil)
	_ fs.NodeFsyncer   = (*file)(nil)
)

func (n *file) Open(context.Context,
	uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, 0
}

func (n *file) Read(_ context.Context, _ fs.FileHandle, dest []byte,
	off int64) (fuse.ReadResult, syscall.Errno) {
	n.f.mu.Lock()
	defer n.f.mu.Unlock()
	if off >= int64(len(n.data)) {
		return fuse.ReadResultData(nil), 0
	}
	return fuse.ReadResultData(dest[:copy(dest, n.data[off:])]), 0
}

func (n *file) Write(_ context.Context, _ fs.FileHandle, data []byte,
	off int64) (uint32, syscall.Errno) {
	n.f.mu.Lock()
	s := Step{Kind: Write, Name: n.name, Off: off, Data: bytes.Clone(data), inode: n.inode,
		Grows: off+int64(len(data)) > int64(len(n.data))}
	n.f.mu.Unlock()
	errno := n.f.do(s, func() { n.data = put(n.data, s.Off, s.Data) })
	if errno != 0 {
		return 0, errno
	}
	return uint32(len(data)), 0
}

func (n *file) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.f.mu.Lock()
	defer n.f.mu.Unlock()
	out.Mode, out.Size, out.Nlink = syscall.S_IFREG|0o666, uint64(len(n.data)), 1
	return 0
}

func (n *file) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn,
	out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		n.f.mu.Lock()
		s := Step{Kind: Truncate, Name: n.name, Off: int64(size), inode: n.inode,
			Grows: int64(size) > int64(len(n.data))}
		n.f.mu.Unlock()
		if errno := n.f.do(s, func() { n.data = resize(n.data, s.Off) }); errno != 0 {
			return errno
		}
	}
	return n.Getattr(ctx, h, out)
}

func (n *file) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.f.mu.Lock()
	name := n.name
	n.f.mu.Unlock()
	return n.f.do(Step{Kind: SyncFile, Name: name, inode: n.inode}, func() {})
}

// put returns b with data written at off.
func put(b []byte, off int64, data []byte) []byte {
	if end := off + int64(len(data)); end > int64(len(b)) {
		b = resize(b, end)
	}
	copy(b[off:], data)
	return b
}

// resize returns b truncated, or extended with zeros.
func resize(b []byte, length int64) []byte {
	if length <= int64(len(b)) {
		return b[:length:length]
	}
	return append(b, make([]byte, length-int64(len(b)))...)
}
