package mount

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/diskcache"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// DiskCache keeps live textures from one mount to the next, in an ordinary archive that is never
// finished: PATH.part, which every command that reads archives accepts. It holds the textures of
// one provider: give each provider a path of its own. Only textures without holes are stored.
//
// Its file grows to MaxBytes plus one texture and no further: space freed by eviction is reused. If
// MaxBytes is smaller than before, the file shrinks to it in the background of the mount.
//
// Only one process at a time can have it open. A file found damaged when opened is moved aside at
// once; one found damaged later is moved aside by Close. A new file is then begun, and the log says
// so. Only the last damaged file is kept.
type DiskCache = diskcache.Cache

// DiskCacheOptions tune a DiskCache.
type DiskCacheOptions = diskcache.Options

// OpenDiskCache opens the cache at path, which must end in .mbtiles, or creates it. The error wraps
// mbtiles.ErrLocked if another process has it open. The caller must Close it.
func OpenDiskCache(ctx context.Context, path string, o DiskCacheOptions) (*DiskCache, error) {
	return diskcache.Open(ctx, path, LiveLayout(), o)
}

// disk tracks the contents of a DiskCache and changes it: one goroutine at a time writes and
// evicts, at low CPU priority until the mount ends. Guarded by live.mu, except for the file, which
// is safe for concurrent use; no lock is held over I/O.
type disk struct {
	file  *DiskCache // nil: no disk cache
	items *simplelru.LRU[tiles.Key, *diskItem]
	tasks []diskTask
	busy  bool          // a task is running
	wake  chan struct{} // signals that there are tasks
	ended error         // set once nothing more is written
}

// diskItem is a texture on disk.
type diskItem struct {
	texture tiles.Texture
	content *content
	lost    bool // cannot be read: removed when it is no longer open
}

// diskTask writes a texture, or, without content, removes it.
type diskTask struct {
	texture tiles.Texture
	content *content
}

// maxDiskTasks bounds the made textures that wait to be written, and with them memory: 11.2 MB
// each. Beyond it they are not kept on disk: live textures never wait for the disk.
const maxDiskTasks = 16

func newDisk(file *DiskCache, seed maphash.Seed) disk {
	d := disk{file: file, items: lru.Unbounded[tiles.Key, *diskItem](),
		wake: make(chan struct{}, 1)}
	if file == nil {
		return d
	}
	for _, e := range file.Entries() {
		d.insert(e.Texture, &content{disk: file, entry: e, final: true,
			sum: max(maphash.Comparable(seed, e), 2)})
	}
	return d
}

func (d *disk) insert(t tiles.Texture, c *content) {
	d.items.Add(t.Key(), &diskItem{texture: t, content: c})
}

// get returns the content of k on disk, or nil.
func (d *disk) get(k tiles.Key) *content {
	if item, ok := d.items.Get(k); ok && !item.lost {
		return item.content
	}
	return nil
}

// keep queues a made texture for writing, if it has no holes and the queue has room.
func (d *disk) keep(t tiles.Texture, c *content) {
	if d.file == nil || d.ended != nil || c.made == nil || !c.final || d.items.Contains(t.Key()) ||
		len(d.tasks) >= maxDiskTasks {
		return
	}
	d.add(diskTask{t, c})
}

func (d *disk) add(task diskTask) {
	d.tasks = append(d.tasks, task)
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// next takes the first task.
func (d *disk) next() (task diskTask, ok bool) {
	if len(d.tasks) == 0 {
		return task, false
	}
	task = d.tasks[0]
	d.tasks[0] = diskTask{} // clear it, or the array keeps its texture in memory
	d.tasks = d.tasks[1:]
	return task, true
}

// lost marks a texture of the disk cache that is open as unreadable, so that the next open makes it
// again. The kernel's cached pages belong to an old identity. Files already open keep reading the
// parts that can be read. It reports whether the texture was not marked before.
func (l *live) lost(t tiles.Texture, c *content) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	item, ok := l.disk.items.Peek(t.Key())
	if !ok || item.content != c || item.lost {
		return false
	}
	item.lost = true
	l.disk.file.Spoilt()
	l.textures[t.Key()].next(nil)
	return true
}

// closed is called when the last file of k is closed.
func (d *disk) closed(k tiles.Key) {
	if item, ok := d.items.Peek(k); ok && item.lost {
		d.items.Remove(k)
		d.add(diskTask{texture: item.texture})
	}
}

// tend does the disk's tasks until the mount ends, and then, for grace at most, those that are
// left.
func (l *live) tend(ctx context.Context, grace time.Duration) {
	var low sync.WaitGroup
	low.Go(func() {
		_ = pack.LowPriority() // if refused, the work is done at normal priority
		if err := l.disk.file.Trim(ctx, l.ctx, l.victims); err != nil {
			l.stopWriting(err)
		}
		for l.ctx.Err() == nil {
			select {
			case <-l.disk.wake:
				l.attendAll(ctx, l.ctx)
			case <-l.closing:
			}
		}
	})
	low.Wait()
	// Unmount is waiting now, so the rest is done at normal priority.
	ending, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	l.attendAll(ctx, ending)
	l.mu.Lock()
	if n := len(l.disk.tasks); n > 0 {
		l.log.Info("live textures not written to disk before the mount ended", "textures", n)
	}
	l.disk.ended, l.disk.tasks = errEnded, nil
	var order []tiles.Texture
	for _, item := range l.disk.items.Values() { // the least recently used first
		order = append(order, item.texture)
	}
	l.mu.Unlock()
	if err := l.disk.file.SaveOrder(order); err != nil {
		l.log.Warn("order of use of the disk cache not saved", "error", err)
	}
}

// errEnded is the reason for not writing after the mount has ended.
var errEnded = errors.New("the mount has ended")

// attendAll does the disk's tasks until none are left or until ends.
func (l *live) attendAll(ctx, until context.Context) {
	for until.Err() == nil {
		l.mu.Lock()
		task, ok := l.disk.next()
		l.disk.busy = ok
		l.mu.Unlock()
		if !ok {
			return
		}
		if err := l.attend(ctx, task); err != nil {
			l.stopWriting(err)
		}
	}
}

// attend does one task. It does nothing if the texture has been written in the meantime: the index
// must stay true.
func (l *live) attend(ctx context.Context, task diskTask) error {
	l.mu.Lock()
	there := l.disk.items.Contains(task.texture.Key())
	l.mu.Unlock()
	if there {
		return nil
	}
	file := l.disk.file
	if task.content == nil {
		return file.Remove(ctx, task.texture.Key())
	}
	made := task.content.made
	entry, err := file.Put(ctx, mbtiles.Record{Texture: task.texture, Chunks: made.Chunks,
		Overzoomed: made.Overzoomed, Missing: made.Missing}, made.File)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.disk.insert(task.texture,
		&content{disk: file, entry: entry, final: true, sum: task.content.sum})
	l.mu.Unlock()
	return file.Evict(ctx, l.victims)
}

// stopWriting makes the disk cache read-only.
func (l *live) stopWriting(why error) {
	l.mu.Lock()
	first := l.disk.ended == nil
	l.disk.ended, l.disk.tasks = why, nil
	l.mu.Unlock()
	if first {
		l.log.Warn("live textures are no longer written to disk", "because", why)
	}
}

// maxVictims is how many textures are removed at a time: deleting a texture reads it.
const maxVictims = 16

// victims takes out the textures to remove when the cache holds the given number of bytes, the
// least recently used that are not open. It takes about a twentieth more than needed, so that it
// does not run for every texture.
func (l *live) victims(bytes, limit int64) (keys []tiles.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.disk.items.Len()
	excess := min(n, maxVictims, int(float64(bytes-limit+limit/20)/float64(bytes)*float64(n))+1)
	for _, k := range l.disk.items.Keys() { // the least recently used first
		if len(keys) == excess {
			break
		}
		if lt := l.textures[k]; lt == nil || lt.open == 0 {
			keys = append(keys, k)
			l.disk.items.Remove(k)
		}
	}
	return keys
}
