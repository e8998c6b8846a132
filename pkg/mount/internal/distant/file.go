package distant

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/standin"
)

// page is what the kernel keeps or asks for again.
const page = 4096

// File is an identity of a texture, for all who have it open.
type File struct {
	all     *Textures
	key     key
	archive Archive
	entry   mbtiles.Entry
	users   int           // under Textures.mu
	begun   chan struct{} // closed when it is known whether anything of it came in time

	mu      sync.Mutex
	right   pages // given out as they are
	stand   pages // given out of the stand-in
	why     error // of the first that was not right
	lost    bool  // nothing of it came in time: all of it is the stand-in
	waiting int
	since   time.Time     // since when anybody waits
	waited  time.Duration // before that
	chosen  bool
	make    func(context.Context) ([]byte, error) // the stand-in; nil: ground colour
}

// spoilt reports whether some of it is not right.
func (f *File) spoilt() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.why != nil
}

// first waits for the small mip levels, which every program reads, and of which a stand-in for the
// others is made.
func (f *File) first() {
	var end [8]byte // the levels are fetched, compared and kept together
	if err := f.read(end[:], f.entry.Layout.Size()-int64(len(end))); err != nil {
		f.spoil(err, true)
	}
}

func (f *File) spoil(why error, lost bool) {
	f.mu.Lock()
	first := f.why == nil
	if first {
		f.why = why
	}
	f.lost = f.lost || lost
	f.mu.Unlock()
	if first {
		f.all.o.StoodIn()
		f.all.o.Log.Warn("serving a stand-in for a texture from a web server",
			"texture", f.entry.Texture.Name(), "because", why)
	}
}

// Read fills p from off on and reports whether that is all as the archive has it. It never fails.
func (f *File) Read(p []byte, off int64) bool {
	err := f.read(p, off)
	if err == nil && f.giveOut(off, int64(len(p))) {
		return true
	}
	if err != nil {
		f.spoil(err, false)
	}
	return f.mixed(p, off)
}

// giveOut notes that what was read is given out, unless some of it was given out otherwise before.
func (f *File) giveOut(off, n int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost || f.stand.any(off, n) {
		return false
	}
	f.right.set(off, n, f.entry.Layout.Size())
	return true
}

// read reads what the archive has, and waits for it.
func (f *File) read(p []byte, off int64) error {
	f.mu.Lock()
	lost, why := f.lost, f.why
	f.mu.Unlock()
	if lost {
		return why
	}
	err := f.near(p, off)
	if err == nil {
		return nil
	}
	done := f.all.fetch(f, off, int64(len(p)))
	left := f.startWaiting()
	defer f.stopWaiting()
	if left <= 0 || !f.all.mayWait() {
		return errors.Join(errLate, why)
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case err = <-done:
	case <-timer.C:
		err = errLate
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(f.all.ctx, left)
		defer cancel()
		err = full(ctx, f.archive, f.entry, p, off)
	}
	if err != nil && !errors.Is(err, mbtiles.ErrCorrupt) && !errors.Is(err, errFull) {
		f.all.inVain()
	}
	return err
}

// startWaiting returns how long may still be waited.
func (f *File) startWaiting() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.waiting++; f.waiting == 1 {
		f.since = now
	}
	return f.all.o.Deadline - f.waited - now.Sub(f.since)
}

func (f *File) stopWaiting() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.waited += time.Since(f.since)
	}
}

// near reads what is at hand.
func (f *File) near(p []byte, off int64) error {
	ctx, cancel := context.WithTimeout(mbtiles.AtHand(f.all.ctx), atHand)
	defer cancel()
	return full(ctx, f.archive, f.entry, p, off)
}

// full fills p or returns an error.
func full(ctx context.Context, a Archive, e mbtiles.Entry, p []byte, off int64) error {
	n, err := a.ReadAt(ctx, e, p, off)
	if n == len(p) && (err == nil || errors.Is(err, io.EOF)) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// mixed fills p page by page: those that have been given out as before, the others of what is at
// hand, or else of the stand-in.
func (f *File) mixed(p []byte, off int64) (right bool) {
	right = true
	away := false // the rest is: a page that is not at hand is not alone
	for len(p) > 0 {
		n := min(int64(len(p)), page-off%page)
		part := p[:n]
		f.mu.Lock()
		stand := f.lost || f.stand.any(off, n)
		f.mu.Unlock()
		if !stand {
			err := errLate
			if !away {
				err = f.near(part, off)
			}
			away = err != nil
			f.mu.Lock()
			switch {
			case f.stand.any(off, n): // another's read was given out meanwhile
				stand = true
			case err == nil:
				f.right.set(off, n, f.entry.Layout.Size())
			case f.right.any(off, n): // it has come meanwhile
			default:
				f.stand.set(off, n, f.entry.Layout.Size())
				stand = true
			}
			f.mu.Unlock()
			if err != nil && !stand && f.near(part, off) != nil {
				stand = true // it was there, and cannot be read any more
			}
		}
		if stand {
			f.standIn(part, off)
			right = false
		}
		p, off = p[n:], off+n
	}
	return right
}

// standIn fills p of the stand-in, which is chosen once: it must stay the same.
func (f *File) standIn(p []byte, off int64) {
	ctx := mbtiles.AtHand(f.all.ctx)
	kept, err := f.all.enlarged.Get(ctx, f, func() ([]byte, int64, error) {
		f.mu.Lock()
		chosen, again := f.chosen, f.make
		f.mu.Unlock()
		var file []byte
		var err error
		if chosen && again != nil {
			file, err = again(ctx)
		} else if !chosen {
			file, again = f.choose(ctx)
			f.mu.Lock()
			f.chosen, f.make = true, again
			f.mu.Unlock()
		}
		return file, int64(len(file)) + 1, err
	})
	if err == nil {
		defer f.all.enlarged.Release(kept)
	}
	if err != nil || kept.Value == nil {
		standin.Ground(f.entry.Layout, p, off)
		return
	}
	copy(p, kept.Value[off:])
}

// choose makes the best stand-in that there is: of the sharpest level at hand, or of a texture that
// covers this one.
func (f *File) choose(ctx context.Context) (file []byte, again func(context.Context) ([]byte, error)) {
	l := f.entry.Layout
	f.mu.Lock()
	lost := f.lost
	f.mu.Unlock()
	for level := 1; !lost && l.Side>>level >= 16; level++ {
		again = func(ctx context.Context) ([]byte, error) {
			start, _ := l.Level(level)
			own := standin.Ancestor{Layout: dds.Layout{Format: l.Format, Side: l.Side >> level},
				ReadAt: func(p []byte, off int64) error {
					return f.near(p, start+off-dds.HeaderSize)
				}}
			return standin.Enlarge(own, f.entry.Texture, l)
		}
		if file, err := again(ctx); err == nil {
			return file, again
		}
	}
	if from, ok := f.all.o.Ancestor(ctx, f.entry.Texture); ok {
		again = func(context.Context) ([]byte, error) {
			return standin.Enlarge(from, f.entry.Texture, l)
		}
		if file, err := again(ctx); err == nil {
			return file, again
		}
	}
	return nil, nil
}

// pages is a set of pages of a file.
type pages []uint64

// set adds the pages that n bytes from off on lie in, of a file of size bytes.
func (p *pages) set(off, n, size int64) {
	if *p == nil {
		*p = make(pages, size/page/64+1)
	}
	for i := off / page; i*page < off+n; i++ {
		(*p)[i/64] |= 1 << (i % 64)
	}
}

// any reports whether one of the pages is in the set.
func (p pages) any(off, n int64) bool {
	for i := off / page; p != nil && i*page < off+n; i++ {
		if p[i/64]&(1<<(i%64)) != 0 {
			return true
		}
	}
	return false
}
