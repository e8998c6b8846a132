package mount

import (
	"context"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// texturesNode is the folder textures of the root: real files, archived textures and live ones.
type texturesNode struct{ dirNode }

var (
	_ fs.NodeLookuper       = (*texturesNode)(nil)
	_ fs.NodeOpendirHandler = (*texturesNode)(nil)
)

// Lookup answers without waiting: a live texture is announced before it is made.
func (d *texturesNode) Lookup(ctx context.Context, name string,
	out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	f := d.fsys
	t, ok := parseFile(name)
	if !ok {
		return d.lookupReal(ctx, name, out)
	}
	k := t.Key()
	a, entry, archived := f.shelf.find(k)
	if archived && f.prefer {
		return d.lookupArchived(ctx, a, entry, out), fs.OK
	}
	inode, errno := d.lookupReal(ctx, name, out)
	if errno == fs.OK {
		return inode, errno
	}
	if spelled, ok := f.realTextures.find(f, k); ok && spelled != name {
		if inode, errno := d.lookupReal(ctx, spelled, out); errno == fs.OK {
			return inode, errno
		}
	}
	if archived {
		return d.lookupArchived(ctx, a, entry, out), fs.OK
	}
	if f.live.wanted(k) {
		f.announce(k, out, LiveLayout().Size())
		id := fs.StableAttr{Mode: fuse.S_IFREG, Ino: f.inodes.texture(k), Gen: f.live.generation(k)}
		return d.NewInode(ctx, &liveNode{node: node{fsys: f}, texture: t, generation: id.Gen}, id),
			fs.OK
	}
	if !f.shelf.miss(name) {
		out.SetEntryTimeout(sceneryTimeout)
	}
	// SetArchives may have run between the first look-up and the note of the miss.
	if a, entry, ok := f.shelf.find(k); ok {
		return d.lookupArchived(ctx, a, entry, out), fs.OK
	}
	return nil, errno
}

func (d *texturesNode) lookupArchived(ctx context.Context, a shelved, e mbtiles.Entry,
	out *fuse.EntryOut) *fs.Inode {
	f, k := d.fsys, e.Texture.Key()
	f.announce(k, out, e.Layout.Size())
	id := fs.StableAttr{Mode: fuse.S_IFREG, Ino: f.inodes.texture(k), Gen: a.generation}
	return d.NewInode(ctx, &archivedNode{node: node{fsys: f}, from: a, entry: e}, id)
}

// announce fills in the attributes of a texture of the given size, which hold as long as the mount
// lasts.
func (f *FS) announce(k tiles.Key, out *fuse.EntryOut, size int64) {
	f.shelf.announce(k, size)
	out.SetEntryTimeout(announced)
	out.SetAttrTimeout(announced)
	f.fixed(&out.Attr, fuse.S_IFREG|0o444, size)
}

func (d *texturesNode) OpendirHandle(context.Context,
	uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return newDirHandle(d.entries), 0, fs.OK
}

// entries lists the real files, then the archived textures that no real file and no earlier archive
// holds. With PreferArchive, real files that archives hold are left out instead.
func (d *texturesNode) entries(yield func(fuse.DirEntry, error) bool) {
	real := make(map[tiles.Key]bool)
	for e, err := range d.realEntries {
		if t, ok := parseFile(e.Name); ok {
			if d.fsys.prefer && heldBy(d.fsys.shelf.list(), t.Key()) {
				continue
			}
			real[t.Key()] = true
		}
		if !yield(e, err) {
			return
		}
	}
	f, archives := d.fsys, d.fsys.shelf.list()
	for i, a := range archives {
		if a.retired {
			break
		}
		for e := range a.All() {
			k := e.Texture.Key()
			if real[k] || heldBy(archives[:i], k) {
				continue
			}
			if !yield(fuse.DirEntry{Name: e.Texture.File(), Mode: fuse.S_IFREG,
				Ino: f.inodes.texture(k)}, nil) {
				return
			}
		}
	}
}

// heldBy reports whether an archive has k, in any size.
func heldBy(archives []shelved, k tiles.Key) bool {
	_, _, ok := findIn(archives, k, 0, false)
	return ok
}

// realTextures knows how the real files of textures/ are spelled, so that another spelling finds
// them too. It lists the folders when a texture is first looked up whose spelling does not exist,
// and again when a folder has changed.
type realTextures struct {
	once sync.Once  // the first listing; everyone waits for it
	busy sync.Mutex // held while listing again; others use the old listing

	mu     sync.Mutex
	names  map[tiles.Key]string
	listed []syscall.Timespec // modification times of the folders, as of the listing
}

// find returns the spelling of k's real file.
func (r *realTextures) find(f *FS, k tiles.Key) (name string, ok bool) {
	if len(f.scenery) == 0 {
		return "", false
	}
	r.once.Do(func() { r.list(f) })
	if r.stale(f) && r.busy.TryLock() {
		r.list(f)
		r.busy.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name, ok = r.names[k]
	return name, ok
}

func changed(f *FS) []syscall.Timespec {
	times := make([]syscall.Timespec, len(f.scenery))
	for i, root := range f.scenery {
		var st syscall.Stat_t
		if syscall.Stat(root+"/"+texturesName, &st) == nil {
			times[i] = st.Mtim
		}
	}
	return times
}

func (r *realTextures) stale(f *FS) bool {
	times := changed(f)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range times {
		if times[i] != r.listed[i] {
			return true
		}
	}
	return false
}

func (r *realTextures) list(f *FS) {
	listed := changed(f) // taken before listing: a change during it is seen next time
	names := make(map[tiles.Key]string)
	for _, root := range f.scenery {
		for e, err := range listDir(root + "/" + texturesName) {
			if err != nil {
				f.log.Warn("real textures cannot be listed; only their exact names are found",
					"scenery", root, "error", err)
				break
			}
			if t, ok := parseFile(e.Name); ok {
				if k := t.Key(); names[k] == "" {
					names[k] = e.Name
				}
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names, r.listed = names, listed
}
