package mount

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"syscall"
	"time"
	"weak"

	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// keepIncomplete is how long a texture with holes is served before it is made again.
	keepIncomplete = time.Minute
	// keepFailed is how long a texture that could not be made is answered at once. The simulator
	// opens a texture several times in a row; it must not wait for a dead provider each time.
	keepFailed = 5 * time.Second
	// keepComing is how long a thread that was told to look a name up again is expected back. It
	// comes at once unless it was killed.
	keepComing = 10 * time.Second
)

// live makes and keeps the textures that no archive holds.
//
// The kernel's page cache belongs to an inode, not to an open file. So each identity of a texture
// in the kernel (its generation) serves one content only. An open that would get other bytes than
// its generation has served before is refused with ESTALE; the kernel then looks the name up again,
// gets the next generation, and opens that. It does this by itself, once, and callers notice
// nothing. A thread that was refused must therefore be served when it comes back, whatever has been
// made in between: the content of the next generation is fixed at the refusal and held until then.
type live struct {
	opts     *Options
	shelf    *shelf
	contents contents
	log      *slog.Logger
	counts   *liveCounters

	ctx     context.Context // of all making
	cancel  context.CancelFunc
	closing chan struct{} // closed with ctx: everyone who waits is answered at once
	wg      sync.WaitGroup
	enlarge chan struct{} // one slot for each stand-in being built

	mu       sync.Mutex
	textures map[tiles.Key]*liveTexture // every texture opened since the mount began
	cache    *cache
	disk     disk
	ahead    prefetch
	real     func(tiles.Key) bool // whether the scenery has a real file of it; nil: it never has
	pinned   int64                // bytes that open files hold
	queue    queue
}

// liveTexture is the state of a texture that was opened. Guarded by live.mu.
type liveTexture struct {
	generation uint64
	sum        uint64                // of the content that the generation serves; 0: not fixed yet
	coming     []returning           // refused with ESTALE and not back yet
	held       *content              // what those in coming get; nil if none or sum is 0
	open       int                   // number of open files, whatever content they read
	whole      weak.Pointer[content] // the last final content
	job        *job                  // nil unless it is being made
}

// returning is a thread that will open a texture again.
type returning struct {
	tid   uint32
	until time.Time // no longer expected after this
}

// told notes that thread tid is told to look the texture up again, and returns the errno for that.
func (lt *liveTexture) told(tid uint32) syscall.Errno {
	lt.coming = append(lt.coming, returning{tid, time.Now().Add(keepComing)})
	return syscall.ESTALE
}

// back notes that thread tid is served.
func (lt *liveTexture) back(tid uint32) {
	if i := slices.IndexFunc(lt.coming, func(r returning) bool { return r.tid == tid }); i >= 0 {
		lt.coming = slices.Delete(lt.coming, i, i+1)
	}
	if len(lt.coming) == 0 {
		lt.held = nil
	}
}

// expect drops the threads that are no longer expected.
func (lt *liveTexture) expect() {
	now := time.Now()
	lt.coming = slices.DeleteFunc(lt.coming, func(r returning) bool { return now.After(r.until) })
	if len(lt.coming) == 0 {
		lt.held = nil
	}
}

// next begins a generation that serves c, or, if c is nil, the first content opened.
func (lt *liveTexture) next(c *content) {
	lt.generation++
	lt.sum, lt.held = 0, c
	if c != nil {
		lt.sum = c.sum
	}
}

func newLive(ctx context.Context, o *Options, shelf *shelf, counts *liveCounters) *live {
	l := &live{
		opts: o, shelf: shelf, contents: newContents(), log: o.Logger, counts: counts,
		closing: make(chan struct{}), enlarge: make(chan struct{}, 1),
		textures: make(map[tiles.Key]*liveTexture), cache: newCache(o.MemoryCache),
	}
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.queue.workers, l.queue.ahead = o.LiveWorkers, make(map[*job]bool)
	l.disk = newDisk(o.Disk, l.contents.seed)
	if o.Disk != nil {
		l.wg.Go(func() { l.tend(ctx, o.Grace) })
	}
	return l
}

// wanted reports whether k is served live.
func (l *live) wanted(k tiles.Key) bool {
	switch l.opts.Live {
	case LiveAny:
		return true
	case LiveScenery:
		return l.opts.Wanted(k)
	default:
		return false
	}
}

// generation returns the identity under which k is to be looked up now.
func (l *live) generation(k tiles.Key) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.textures[k]; t != nil {
		return t.generation
	}
	return 0
}

// open returns what a file of t opened under generation reads, waiting for it if needed. The
// content is pinned until release. ESTALE means that the name must be looked up again; EINTR that
// the caller is being killed.
func (l *live) open(request context.Context, t tiles.Texture,
	generation uint64) (c *content, from Origin, errno syscall.Errno) {
	k := t.Key()
	tid := callerThread(request)
	l.mu.Lock()
	lt := l.textures[k]
	if lt == nil {
		lt = &liveTexture{}
		l.textures[k] = lt
	}
	lt.expect()
	if c := cmp.Or(l.kept(k, lt), lt.held); c != nil {
		defer l.mu.Unlock()
		if c.disk != nil {
			l.counts.diskHits.Add(1)
		} else {
			l.counts.hits.Add(1)
		}
		if c, errno = l.settle(k, lt, generation, c, tid); c != nil {
			l.predict(t)
		}
		return c, c.origin(true), errno
	}
	if lt.generation != generation {
		defer l.mu.Unlock()
		if lt.sum != 0 && len(lt.coming) == 0 {
			lt.next(nil) // the content it served is gone
		}
		return nil, FromNowhere, lt.told(tid)
	}
	j := l.join(lt, t)
	l.predict(t)
	l.mu.Unlock()

	l.counts.waiting.Add(1)
	why := wait(request, tid, j.done, l.closing, l.opts.Deadline)
	l.counts.waiting.Add(-1)

	l.mu.Lock()
	standIn := j.standIn
	l.leave(lt, j, why)
	l.mu.Unlock()

	switch why {
	case killed:
		return nil, FromNowhere, syscall.EINTR
	case late:
		c = l.instead(t, standIn, errLate)
	case ready:
		if c = j.content; c == nil {
			c = l.instead(t, standIn, j.err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if why == ready && j.content == nil {
		l.cache.put(k, c, time.Now(), keepFailed)
	}
	c, errno = l.settle(k, lt, generation, c, tid)
	return c, c.origin(false), errno
}

// kept returns the content of a texture if it exists already: from the memory cache, from an open
// file, or from disk. l.mu is held.
func (l *live) kept(k tiles.Key, lt *liveTexture) *content {
	if c := l.cache.get(k, time.Now()); c != nil {
		return c
	}
	if c := lt.whole.Value(); c != nil {
		l.cache.put(k, c, time.Now(), 0)
		return c
	}
	return l.disk.get(k)
}

// instead returns the stand-in and logs the reason.
func (l *live) instead(t tiles.Texture, standIn func() *content, why error) *content {
	c := standIn()
	l.counts.standIns.Add(1)
	l.log.Warn("serving a stand-in for a live texture", "texture", t.Name(), "enlarged",
		c.data != nil, "because", why)
	return c
}

// errLate is the reason for a stand-in served at the deadline.
var errLate = errors.New("not made in time")

// settle gives thread tid's open under generation its content: c, or what has been kept since, or
// what is held for returning threads. l.mu is held.
func (l *live) settle(k tiles.Key, lt *liveTexture, generation uint64, c *content,
	tid uint32) (*content, syscall.Errno) {
	lt.expect()
	if kept := l.kept(k, lt); kept != nil {
		c = kept
	}
	switch {
	case lt.held != nil:
		c = lt.held
	case lt.sum == 0:
		lt.sum = c.sum
	case lt.sum != c.sum:
		lt.next(c)
	}
	lt.held = c
	if lt.generation != generation {
		return nil, lt.told(tid)
	}
	lt.back(tid)
	if c.final && c.disk == nil {
		lt.whole = weak.Make(c)
	}
	lt.open++
	if c.pins++; c.pins == 1 {
		l.pinned += c.bytes()
	}
	return c, 0
}

// release undoes the pin of open.
func (l *live) release(k tiles.Key, c *content) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.pins--; c.pins == 0 {
		l.pinned -= c.bytes()
	}
	lt := l.textures[k]
	if lt.open--; lt.open == 0 {
		l.disk.closed(k)
	}
}

// generate calls the Generator.
func (l *live) generate(ctx context.Context, t tiles.Texture) (c *content, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("make %v: panic: %v", t, p)
		}
	}()
	made, err := l.opts.Generator.Texture(ctx, t)
	if err == nil {
		err = checkLive(made.File)
	}
	if err != nil {
		return nil, fmt.Errorf("make %v: %w", t, err)
	}
	return l.contents.of(made), nil
}

// close answers all who wait and cancels all making.
func (l *live) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() == nil {
		l.cancel()
		close(l.closing)
		l.queue.clear()
	}
}
