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
	"github.com/xelpack/xelpack/pkg/tiles"
)

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
	for _, e := range file.entries {
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
	l.disk.file.spoilt.Store(true)
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
		if err := l.trim(ctx); err != nil {
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
	if err := l.disk.file.remember(order); err != nil {
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
		return file.writer.Remove(ctx, task.texture.Key())
	}
	entry, err := file.put(ctx, task.texture, task.content.made)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.disk.insert(task.texture,
		&content{disk: file, entry: entry, final: true, sum: task.content.sum})
	l.mu.Unlock()
	return l.evict(ctx)
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

// evict removes the least recently used textures that are not open until the rest is within the
// limit.
func (l *live) evict(ctx context.Context) error {
	file := l.disk.file
	bytes, err := file.writer.Footprint(ctx)
	for err == nil && bytes > file.o.MaxBytes {
		victims := l.victims(bytes)
		if len(victims) == 0 {
			break
		}
		if err = file.writer.Remove(ctx, victims...); err == nil {
			bytes, err = file.writer.Footprint(ctx)
		}
	}
	return err
}

// trim shrinks a file that exceeds its limit, because the limit was lowered, as far as it gets
// before the mount ends; the next mount continues.
func (l *live) trim(ctx context.Context) error {
	file := l.disk.file
	for more := true; more && l.ctx.Err() == nil; {
		bytes, err := file.writer.Footprint(ctx)
		if err != nil {
			return err
		}
		var victims []tiles.Key
		if bytes > file.o.MaxBytes {
			victims = l.victims(bytes)
		}
		if len(victims) > 0 {
			err = file.writer.Remove(ctx, victims...)
		} else {
			more, err = file.writer.Shrink(ctx, file.o.MaxBytes+LiveLayout().Size())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxVictims is how many textures are removed at a time: deleting a texture reads it.
const maxVictims = 16

// victims takes out the textures to remove when the archive holds the given number of bytes. It
// takes about a twentieth more than needed, so that it does not run for every texture.
func (l *live) victims(bytes int64) (keys []tiles.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.disk.items.Len()
	limit := l.disk.file.o.MaxBytes
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
