package mount

import (
	"container/list"
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// disk knows what a DiskCache holds, and changes it: one goroutine at a time writes and evicts, at
// low CPU priority until the mount ends. Guarded by live.mu, but for the file, which has its own
// ways; no lock is held over I/O.
type disk struct {
	file  *DiskCache // nil: there is none
	items map[tiles.Key]*list.Element
	order *list.List // of *diskItem, the most recently used in front
	tasks []diskTask
	busy  bool          // a task is being done
	wake  chan struct{} // there are tasks
	ended error         // nothing is written any more
}

// diskItem is a texture on disk.
type diskItem struct {
	texture tiles.Texture
	content *content
	lost    bool // cannot be read: it goes when it is no longer open
}

// diskTask is a texture to be written, or without content one to be removed.
type diskTask struct {
	texture tiles.Texture
	content *content
}

// maxDiskTasks bounds the made textures that wait to be written, and with them memory: 11.2 MB
// each. Beyond it they are not kept: live textures never wait for the disk.
const maxDiskTasks = 16

func newDisk(file *DiskCache, seed maphash.Seed) disk {
	d := disk{file: file, items: make(map[tiles.Key]*list.Element), order: list.New(), wake: make(chan struct{}, 1)}
	if file == nil {
		return d
	}
	for _, e := range file.entries {
		d.insert(e.Texture, &content{disk: file, entry: e, final: true, sum: max(maphash.Comparable(seed, e), 2)})
	}
	return d
}

func (d *disk) insert(t tiles.Texture, c *content) {
	d.items[t.Key()] = d.order.PushFront(&diskItem{texture: t, content: c})
}

// get returns the content of k on disk, or nil.
func (d *disk) get(k tiles.Key) *content {
	e := d.items[k]
	if e == nil || e.Value.(*diskItem).lost {
		return nil
	}
	d.order.MoveToFront(e)
	return e.Value.(*diskItem).content
}

// keep has a made texture written, if it has no holes and there is time.
func (d *disk) keep(t tiles.Texture, c *content) {
	if d.file == nil || d.ended != nil || c.made == nil || !c.final || d.items[t.Key()] != nil || len(d.tasks) >= maxDiskTasks {
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
	d.tasks[0] = diskTask{} // or its texture stays in memory with the array
	d.tasks = d.tasks[1:]
	return task, true
}

// lost says that a texture that is open cannot be read, so that whoever opens it next has it made
// anew. What the kernel has of it belongs to an identity of the past. It reports whether that is
// news. Those who have it open go on reading what can be read.
func (l *live) lost(t tiles.Texture, c *content) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.disk.items[t.Key()]
	if e == nil {
		return false
	}
	item := e.Value.(*diskItem)
	if item.content != c || item.lost {
		return false
	}
	item.lost = true
	l.disk.file.spoilt.Store(true)
	l.textures[t.Key()].next(nil)
	return true
}

// closed says that no file of k is open any more.
func (d *disk) closed(k tiles.Key) {
	if e := d.items[k]; e != nil && e.Value.(*diskItem).lost {
		d.drop(e)
		d.add(diskTask{texture: e.Value.(*diskItem).texture})
	}
}

func (d *disk) drop(e *list.Element) {
	delete(d.items, d.order.Remove(e).(*diskItem).texture.Key())
}

// tend does the disk's tasks until the mount ends, and then for so long at most those that are
// left.
func (l *live) tend(ctx context.Context, grace time.Duration) {
	var low sync.WaitGroup
	low.Go(func() {
		_ = pack.LowPriority() // where it is refused the work is done all the same
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
	// Somebody waits for the end now, so the rest is done at ordinary priority.
	ending, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	l.attendAll(ctx, ending)
	l.mu.Lock()
	if n := len(l.disk.tasks); n > 0 {
		l.log.Info("live textures were made too late to be kept on disk", "textures", n)
	}
	l.disk.ended, l.disk.tasks = errEnded, nil
	var order []tiles.Texture
	for e := l.disk.order.Back(); e != nil; e = e.Prev() {
		order = append(order, e.Value.(*diskItem).texture)
	}
	l.mu.Unlock()
	if err := l.disk.file.remember(order); err != nil {
		l.log.Warn("the order in which the disk cache was used is not kept", "error", err)
	}
}

// errEnded is why nothing is written after the end of the mount.
var errEnded = errors.New("the mount has ended")

// attendAll does the disk's tasks until there are none or until ends.
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

// attend does one task, unless another has put the texture on disk since: what is known of it is to
// stay true.
func (l *live) attend(ctx context.Context, task diskTask) error {
	l.mu.Lock()
	there := l.disk.items[task.texture.Key()] != nil
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
	l.disk.insert(task.texture, &content{disk: file, entry: entry, final: true, sum: task.content.sum})
	l.mu.Unlock()
	return l.evict(ctx)
}

// stopWriting goes on with what is on disk already.
func (l *live) stopWriting(why error) {
	l.mu.Lock()
	first := l.disk.ended == nil
	l.disk.ended, l.disk.tasks = why, nil
	l.mu.Unlock()
	if first {
		l.log.Warn("live textures are no longer kept on disk", "because", why)
	}
}

// evict removes what was used longest ago, and is not open, until the rest is within the limit.
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

// trim brings a file that is larger than its limit, because that was lowered, down to it, as far as
// it comes before the mount ends: the next one goes on.
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

// maxVictims is how many textures go at a time: what is deleted has to be read.
const maxVictims = 16

// victims takes the textures out that have to go when the archive holds so many bytes: some
// twentieth more than must, so that it is not done for each.
func (l *live) victims(bytes int64) (keys []tiles.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.disk.order.Len()
	limit := l.disk.file.o.MaxBytes
	excess := min(n, maxVictims, int(float64(bytes-limit+limit/20)/float64(bytes)*float64(n))+1)
	for e := l.disk.order.Back(); e != nil && len(keys) < excess; {
		before := e.Prev()
		k := e.Value.(*diskItem).texture.Key()
		if lt := l.textures[k]; lt == nil || lt.open == 0 {
			keys = append(keys, k)
			l.disk.drop(e)
		}
		e = before
	}
	return keys
}
