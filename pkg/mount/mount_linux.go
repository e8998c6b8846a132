package mount

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// fsType makes the kernel list the mount as "fuse.xelpack".
const fsType = "xelpack"

const (
	// maxBackground is how many requests the kernel keeps in flight; its default of 12 throttles
	// the simulator.
	maxBackground = 1024
	// maxRead is the longest read, in bytes, that the kernel sends.
	maxRead = 1 << 20
)

// FS is a mounted file system.
type FS struct {
	mountpoint string
	device     string   // the mount's device in /proc/self/mountinfo
	scenery    []string // real paths
	prefer     bool     // archived textures come before real ones
	grace      time.Duration
	log        *slog.Logger
	observer   Observer // may be nil
	owner      fuse.Owner
	ctx        context.Context // of reads; never cancelled

	server       *fuse.Server
	root         *dirNode
	shelf        *shelf
	inodes       *inodes // the shelf's
	live         *live
	realTextures realTextures
	passthrough  passthrough
	damaged      keySet // textures whose archive could not be read
	counts       counters
	looked       atomic.Int64  // number of calls of Health
	released     chan struct{} // closed when the kernel has released the mount: no file is open
	done         chan struct{} // closed when the mount's own work has ended too
}

// Possible returns an error that wraps ErrNoFUSE where nothing can be mounted.
func Possible() error { return nil }

// Mount shows o at mountpoint, an empty directory, until Unmount is called or someone else unmounts
// it. The context ends the preparations only; its values are passed to every call of Archives and
// the Generator.
//
// A mount that a dead process left at mountpoint is cleared first. Errors wrap ErrMountpoint,
// ErrNotEmpty, ErrMounted, ErrInside, ErrStale or ErrNoFUSE where they apply and say what to do.
func Mount(ctx context.Context, mountpoint string, o Options) (*FS, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	mountpoint, scenery, err := check(ctx, mountpoint, &o)
	if err != nil {
		return nil, err
	}
	f := &FS{
		mountpoint: mountpoint, scenery: scenery, prefer: o.PreferArchive, grace: o.Grace, log: o.Logger,
		observer: o.Observer,
		owner:    fuse.Owner{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())},
		ctx:      context.WithoutCancel(ctx),
		shelf:    newShelf(o.Archives),
		released: make(chan struct{}),
		done:     make(chan struct{}),
	}
	f.inodes = f.shelf.inodes
	f.live = newLive(f.ctx, &o, f.shelf, &f.counts.making)
	f.live.real = func(k tiles.Key) bool { _, ok := f.realTextures.find(f, k); return ok }

	f.root = &dirNode{node: node{fsys: f}}
	f.server, err = fuse.NewServer(f.observe(fs.NewNodeFS(f.root, f.nodeOptions())), mountpoint,
		f.mountOptions(&o))
	if err != nil {
		f.live.close()
		f.live.wg.Wait() // the caller may close Options.Disk now
		return nil, fmt.Errorf("mount %s: %w", mountpoint, err)
	}
	f.passthrough.devices = make(map[uint64]bool)
	f.passthrough.offered = f.server.KernelSettings().Flags64()&fuse.CAP_PASSTHROUGH != 0
	if m, ok := mountedAt(mountpoint); ok {
		f.device = m.device
	}
	go func() {
		f.server.Serve()
		close(f.released)
		f.live.close()
		f.live.wg.Wait()
		close(f.done)
	}()
	// WaitMount is not called: the mount is ready, and WaitMount would open a file of it. A process
	// killed while it has a file of its own mount open never ends: it would have to answer its own
	// close.
	return f, nil
}

func (f *FS) nodeOptions() *fs.Options {
	timeout, negative := sceneryTimeout, sceneryTimeout
	if len(f.scenery) == 0 {
		timeout, negative = announced, announced
	}
	return &fs.Options{
		EntryTimeout: &timeout, AttrTimeout: &timeout, NegativeTimeout: &negative,
		NullPermissions: true,
		RootStableAttr:  &fs.StableAttr{Ino: fuse.FUSE_ROOT_ID},
		Logger:          slog.NewLogLogger(f.log.Handler(), slog.LevelInfo),
	}
}

func (f *FS) mountOptions(o *Options) *fuse.MountOptions {
	m := &fuse.MountOptions{
		FsName: fsType, Name: fsType,
		AllowOther:    o.AllowOther,
		MaxBackground: maxBackground,
		MaxWrite:      maxRead,
		DisableXAttrs: true, // ls asks for them for every file
		// Listings carry attributes only for callers that ask for them.
		ExtraCapabilities: fuse.CAP_READDIRPLUS_AUTO,
		Options:           []string{"ro", "default_permissions"},
		Logger:            slog.NewLogLogger(f.log.Handler(), slog.LevelInfo),
	}
	if _, err := fusermount(); err != nil {
		m.DirectMountStrict = true // check has found that this process may
	}
	return m
}

// Mountpoint returns where the file system is, as an absolute path without links.
func (f *FS) Mountpoint() string { return f.mountpoint }

// Wait returns when the file system is unmounted, by anyone, all its files are closed, and its own
// work has ended.
func (f *FS) Wait() error {
	<-f.done
	return nil
}

// SetArchives replaces the archives of the mount. Names that they add appear. A name that the
// kernel knows already keeps its size and inode number: another archive serves it only if it has
// the same size, and the kernel is then told that it is another file; otherwise the old one serves
// it until the mount ends. Open files are not disturbed. Every archive that was ever given must
// therefore stay open until Wait returns. Archives are compared by identity: give pointers.
func (f *FS) SetArchives(archives []Archive) Change {
	s := f.shelf
	s.change.Lock()
	defer s.change.Unlock()
	before := s.list()
	after := arrange(before, archives)
	c := s.compare(before, after)
	s.archives.Store(&after)
	if textures := f.root.GetChild(texturesName); textures != nil {
		for _, name := range s.found(after) {
			_ = textures.NotifyEntry(name) // fails if the kernel has forgotten the name
		}
	}
	return c
}

// Stats returns the current counters.
func (f *FS) Stats() Stats {
	n := &f.counts
	s := Stats{
		Archived: n.archived.traffic(), Live: n.live.traffic(), Real: n.real.traffic(),
		Passthrough: n.passthrough.Load(), Damaged: f.damaged.len(),
		Made: n.making.whole.Load(), Incomplete: n.making.incomplete.Load(), Failed: n.making.failed.Load(),
		Cancelled: n.making.cancelled.Load(), StandIns: n.making.standIns.Load(), MemoryHits: n.making.hits.Load(), DiskHits: n.making.diskHits.Load(), Prefetched: n.making.prefetched.Load(),
		Waiting: int(n.making.waiting.Load()),
	}
	l := f.live
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Making, s.Queued = l.queue.running, l.queue.len()
	s.CacheBytes, s.OpenBytes, s.OnDisk, s.Evicted = l.cache.bytes, l.pinned, l.disk.items.Len(), l.cache.evicted
	return s
}
