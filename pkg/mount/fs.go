package mount

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/pkg/mount/internal/distant"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// FS is a mounted file system.
type FS struct {
	*tree
	driver     driver
	mountpoint string
	device     string   // by which the system knows the mount, if it has a name for it
	covered    *os.File // the package that it lies over; nil: none
	grace      time.Duration
	looked     atomic.Int64  // number of calls of Health
	released   chan struct{} // closed when the system has released the mount: no file is open
	done       chan struct{} // closed when the mount's own work has ended too
}

// newFS makes what is to be mounted, of options that are complete.
func newFS(ctx context.Context, mountpoint string, scenery []string, o *Options) *FS {
	t := &tree{
		scenery: scenery, prefer: o.PreferArchive, log: o.Logger, observer: o.Observer,
		ctx: context.WithoutCancel(ctx), shelf: newShelf(o.Archives), look: o.Look,
	}
	t.inodes = t.shelf.inodes
	t.live = newLive(t.ctx, o, t.shelf, &t.counts.making)
	t.live.real = func(k tiles.Key) bool { _, ok := t.realTextures.find(t, k); return ok }
	t.far = distant.New(t.ctx, distant.Options{Deadline: o.Deadline, Finish: o.GenerateTimeout,
		Log: o.Logger, StoodIn: func() { t.counts.making.standIns.Add(1) },
		Ancestor: t.shelf.covering})
	return &FS{tree: t, mountpoint: mountpoint, grace: o.Grace, released: make(chan struct{}),
		done: make(chan struct{})}
}

// serve answers in the background until the mount is gone.
func (f *FS) serve() {
	go func() {
		f.driver.serve()
		close(f.released)
		f.live.close()
		f.far.Close()
		f.live.wg.Wait()
		_ = f.covered.Close()
		close(f.done)
	}()
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
	f.driver.appeared(s.found(after))
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
