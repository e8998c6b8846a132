// Package distant gives out textures of archives on web servers: it waits for the network until a
// deadline, and then gives the best at hand.
//
// The kernel's page cache belongs to an identity of a texture, so an identity never shows other
// bytes at a place than it has shown there: a page once made of smaller mip levels stays so, and a
// page once given out right stays right. What was fetched since is seen by the next identity, which
// begins when the texture is opened again. A program that is sent from one identity to the next is
// let in there whatever happens meanwhile: an identity lasts for at least keepComing after the last
// one that was sent to it.
package distant

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"syscall"
	"time"

	"github.com/xelpack/xelpack/internal/lru"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// keepComing is how long a thread that was told to look a name up again is expected back.
	keepComing = 10 * time.Second
	// keepLate is how long nobody waits for a server that has just let somebody wait in vain.
	keepLate = 5 * time.Second
	// atHand bounds reading what need not be fetched: another may be fetching it.
	atHand = time.Second
	// mostFetching bounds the readings that are fetched for at once, waited for or not.
	mostFetching = 256
	// enlargedBytes bounds the memory of stand-ins.
	enlargedBytes = 64 << 20
)

// Archive is an archive that may be on a web server. *mbtiles.Archive is one.
type Archive interface {
	Remote() bool // it is
	ReadAt(ctx context.Context, e mbtiles.Entry, p []byte, off int64) (int, error)
	// Fetch has what ReadAt needs for n bytes from off on fetched.
	Fetch(ctx context.Context, e mbtiles.Entry, off, n int64) error
}

var _ Archive = (*mbtiles.Archive)(nil)

// Options are those of the mount.
type Options struct {
	Deadline time.Duration // how long programs wait for a texture, all in all
	Finish   time.Duration // how long is fetched for nobody who waits
	// Ancestor finds a texture that covers another one.
	Ancestor func(ctx context.Context, t tiles.Texture) (standin.Ancestor, bool)
	Log      *slog.Logger
	StoodIn  func() // is called for every identity that shows a stand-in
}

// Textures are those of all archives on web servers of a mount.
type Textures struct {
	o        Options
	ctx      context.Context
	cancel   context.CancelFunc
	fetches  sync.WaitGroup
	slots    chan struct{}
	enlarged *lru.Cache[*File, []byte]

	mu      sync.Mutex
	closed  bool
	files   map[key]*File     // current identities that are open, or not wholly right
	renewed map[key]*identity // of textures that are not their first
	hasty   time.Time         // until then nobody waits
}

// key is a texture of one archive.
type key struct {
	archive uint64
	texture tiles.Key
}

// identity is which one of a texture is current.
type identity struct {
	number uint64
	sent   time.Time // when a program was last sent to it
}

// New returns the textures of a mount.
func New(ctx context.Context, o Options) *Textures {
	t := &Textures{o: o, slots: make(chan struct{}, mostFetching),
		enlarged: lru.New[*File, []byte](enlargedBytes, nil),
		files:    make(map[key]*File), renewed: make(map[key]*identity)}
	t.ctx, t.cancel = context.WithCancel(ctx)
	return t
}

// Close ends all fetching.
func (t *Textures) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.cancel()
	t.fetches.Wait()
}

// Identity returns the number of a texture's current identity, in the archive of that number.
func (t *Textures) Identity(archive uint64, k tiles.Key) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current(key{archive, k})
}

func (t *Textures) current(k key) uint64 {
	if id := t.renewed[k]; id != nil {
		return id.number
	}
	return 0
}

// Open opens a texture under an identity, for which it waits: what is read afterwards need not be
// right, but is there. It returns nil if that identity has ended.
func (t *Textures) Open(a Archive, archive uint64, e mbtiles.Entry, number uint64) *File {
	k := key{archive, e.Texture.Key()}
	t.mu.Lock()
	f, now := t.files[k], time.Now()
	if f != nil && f.spoilt() && !now.Before(t.hasty) {
		id := t.renewed[k]
		if id == nil {
			id = &identity{}
			t.renewed[k] = id
		}
		if now.Sub(id.sent) >= keepComing {
			id.number++
			f = nil
		}
	}
	if number != t.current(k) {
		t.renewed[k].sent = now
		if f == nil {
			delete(t.files, k)
		}
		t.mu.Unlock()
		return nil
	}
	first := f == nil
	if first {
		f = &File{all: t, key: k, archive: a, entry: e, begun: make(chan struct{})}
		t.files[k] = f
	}
	f.users++
	t.mu.Unlock()
	if first {
		f.first()
		close(f.begun)
	}
	<-f.begun
	return f
}

// Release ends the use of an open file, as go-fuse wants it. A nil file is none.
func (f *File) Release(context.Context) syscall.Errno {
	if f == nil {
		return 0
	}
	t := f.all
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.users--; f.users == 0 && t.files[f.key] == f && !f.spoilt() {
		delete(t.files, f.key)
	}
	return 0
}

// mayWait reports whether anybody waits now.
func (t *Textures) mayWait() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !time.Now().Before(t.hasty)
}

// inVain notes that somebody has waited in vain.
func (t *Textures) inVain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hasty = time.Now().Add(keepLate)
}

var (
	errLate = errors.New("not fetched in time")
	errFull = errors.New("too much is being fetched already")
)

// fetch has bytes of a texture fetched by a goroutine that goes on when nobody waits any more. The
// channel gets its error.
func (t *Textures) fetch(f *File, off, n int64) <-chan error {
	done := make(chan error, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		done <- context.Canceled
		return done
	}
	select {
	case t.slots <- struct{}{}:
	default:
		done <- errFull
		return done
	}
	t.fetches.Go(func() {
		defer func() { <-t.slots }()
		ctx, cancel := context.WithTimeout(t.ctx, t.o.Finish)
		defer cancel()
		done <- f.archive.Fetch(ctx, f.entry, off, n)
	})
	return done
}
