package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// ErrChanged means that the file on the server is another one than when it was opened.
var ErrChanged = errors.New("the file on the server was replaced while it was being read; run " +
	"the same command again")

// Options say how remote files are read.
type Options struct {
	Client *fetch.Client
	Dir    string            // where caches are
	Note   func(text string) // gets warnings
	// Stale opens what is in the cache if the server cannot be reached.
	Stale bool
}

// File is a file on a web server, with a cache of what was fetched. Safe for concurrent use.
type File struct {
	url    string // perhaps with a user and keys
	shown  string
	client *fetch.Client
	cache  *cache
	state  fetch.RemoteFile

	fetched atomic.Int64 // bytes

	mu      sync.Mutex
	there   bitmap
	checked bool          // see SetChecked
	proven  []run         // what was there then
	claimed bitmap        // being fetched by somebody
	gone    error         // why the server is not asked, if it could not be reached
	asked   time.Time     // when it was asked last, if so
	changed chan struct{} // closed, and made anew, when either of them changes
}

var _ sqlpages.Wanter = (*File)(nil)

// firstBytes are fetched on opening: the beginning of the file, which says what it is.
const firstBytes = 64 << 10

// maxSize is the length in bytes of the largest file that is read: four continents. What is there
// is kept in memory, a bit a block, so a server that lies must not choose it.
const maxSize = 4 << 40

// Open asks the server for the beginning of the file and opens what was fetched of it before.
func Open(ctx context.Context, name string, o Options) (*File, error) {
	u, err := url.Parse(name)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%s: not the address of a file (want https://host/file.mbtiles)",
			Shown(name))
	}
	f := &File{url: name, shown: Shown(name), client: o.Client, changed: make(chan struct{})}
	if warning := exposed(u); warning != "" {
		o.Note(warning)
	}
	var shared bool
	if f.cache, shared, err = lockCache(o.Dir, cacheName(u)); err != nil {
		return nil, fmt.Errorf("%s: %w", f.shown, err)
	}
	if !shared {
		o.Note(f.shown + ": another xelpack is reading it and has its cache; this one fetches for " +
			"itself, and keeps nothing")
	}
	if err := f.open(ctx, u, o); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", f.shown, Explain(err)), f.cache.close())
	}
	return f, nil
}

func (f *File) open(ctx context.Context, u *url.URL, o Options) error {
	known, cached := f.cache.known()
	var first []byte
	asking, cancel := ctx, func() {}
	if cached && o.Stale {
		asking, cancel = context.WithTimeout(ctx, patience)
	}
	defer cancel()
	err := f.client.Range(asking, fetch.RangeRequest{URL: f.url, To: firstBytes,
		Check: func(now fetch.RemoteFile) error {
			if f.state.Size > 0 && headerOf(now) != headerOf(f.state) {
				return ErrChanged
			}
			f.state = now
			if now.Size > maxSize {
				return fmt.Errorf("the server says that it has %s, more than any archive",
					units.Bytes(now.Size))
			}
			return nil
		},
		Sink: func(p []byte) error { first = append(first, p...); return nil }})
	if err != nil && cached && o.Stale && ctx.Err() == nil &&
		(unreachable(err) || asking.Err() != nil) {
		if asking.Err() != nil {
			err = fmt.Errorf("no answer within %v", patience)
		}
		o.Note(fmt.Sprintf("%s: %v; using what was fetched before", f.shown, err))
		f.gone, f.asked = err, time.Now()
		f.state = fetch.RemoteFile{Size: known.Size, ETag: known.ETag, Modified: known.Modified}
		return f.resume()
	}
	if err != nil {
		return err
	}
	if f.state.Host != u.Host && f.state.Host != "" {
		o.Note(fmt.Sprintf("%s: %s redirects to %s, which gets neither user name nor password",
			f.shown, u.Host, f.state.Host))
	}
	if cached && known == headerOf(f.state) && known.ETag+known.Modified != "" {
		if err := f.resume(); err != nil {
			return err
		}
		if f.begins(first) {
			return f.write(0, first)
		}
		if err := f.cache.letGo(); err != nil { // one of the two is wrong, and nobody knows which
			return err
		}
	}
	if err := f.cache.begin(headerOf(f.state)); err != nil {
		return err
	}
	f.size()
	return f.write(0, first)
}

// begins reports whether what is there of the beginning of the file is what was fetched now.
func (f *File) begins(first []byte) bool {
	kept := make([]byte, block)
	for b := int64(0); (b+1)*block <= int64(len(first)); b++ {
		if f.there.next(b, b+1, true) > b {
			continue // it is not there
		}
		if _, err := f.ReadAt(kept, b*block); err != nil || !bytes.Equal(kept, first[b*block:][:block]) {
			return false
		}
	}
	return true
}

// unreachable reports whether err says nothing of the file, only that the server does not answer.
func unreachable(err error) bool {
	status, answered := errors.AsType[*fetch.StatusError](err)
	return errors.Is(err, fetch.ErrNetwork) || errors.Is(err, fetch.ErrTimeout) ||
		answered && status.Code >= 500
}

const (
	// patience is how long a server is waited for if what was fetched before will do.
	patience = 5 * time.Second
	// askAgain is after how long one that could not be reached is asked again.
	askAgain = 30 * time.Second
)

// unasked says why the server is not asked now.
func (f *File) unasked() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone == nil || time.Since(f.asked) >= askAgain {
		f.asked = time.Now()
		return nil
	}
	return fmt.Errorf("it is not in the cache, and %w", f.gone)
}

// answered notes that the server was reached.
func (f *File) answered() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = nil
}

func (f *File) size() {
	blocks := (f.state.Size + block - 1) / block
	f.there, f.claimed = newBitmap(blocks), newBitmap(blocks)
}

func (f *File) resume() error {
	f.size()
	return f.cache.resume(func(first, n uint32, what byte) {
		f.checked = what == proven || f.checked && what != dropped
		if what == proven {
			f.proven = f.all()
		}
		if end := int64(first) + int64(n); end <= f.there.n && what != proven {
			f.there.set(int64(first), end, what == kept)
		}
	})
}

// Checked reports whether SetChecked was called since anything was dropped, by this process or
// before.
func (f *File) Checked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.checked
}

// SetChecked notes that what is there was found to be right.
func (f *File) SetChecked() error {
	f.mu.Lock()
	f.checked, f.proven = true, f.all()
	f.mu.Unlock()
	return f.cache.note(0, 0, proven)
}

// Distrust drops what was there when SetChecked was called.
func (f *File) Distrust() error {
	f.mu.Lock()
	var spans []sqlpages.Span
	for _, r := range f.proven {
		spans = append(spans, sqlpages.Span{Off: r.first * block, Len: (r.end - r.first) * block})
	}
	f.mu.Unlock()
	return f.Forget(spans)
}

// all returns what is there. f.mu is held.
func (f *File) all() (runs []run) {
	for at := int64(0); at < f.there.n; {
		first := f.there.next(at, f.there.n, true)
		at = f.there.next(first, f.there.n, false)
		if first < at {
			runs = append(runs, run{first, at})
		}
	}
	return runs
}

// Path returns the sparse file.
func (f *File) Path() string { return f.cache.path }

// String returns the address, as it may be shown.
func (f *File) String() string { return f.shown }

// Name returns the last part of the address's path.
func (f *File) Name() string { return filepath.Base(f.shown) }

// Size returns the length of the file.
func (f *File) Size() int64 { return f.state.Size }

// Close ends the use of the file. What was fetched stays.
func (f *File) Close() error { return f.cache.close() }

// ReadAt reads what is there; what is not, reads as zeros.
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.cache.data.ReadAt(p, off) }

// Forget drops spans that turned out to be wrong, so that they are fetched again.
func (f *File) Forget(spans []sqlpages.Span) error {
	for _, s := range spans {
		first, end := f.blocks(s)
		if first >= end {
			continue
		}
		f.mu.Lock()
		f.there.set(first, end, false)
		f.checked = false
		f.mu.Unlock()
		if err := f.cache.note(first, end-first, dropped); err != nil {
			return err
		}
	}
	return nil
}

// Drop gives the disk back that the blocks take which lie in spans wholly. What was checked stays
// so.
func (f *File) Drop(spans []sqlpages.Span) error {
	for _, r := range f.runs(spans) {
		f.mu.Lock()
		f.there.set(r.first, r.end, false)
		f.mu.Unlock()
		if err := f.cache.note(r.first, r.end-r.first, released); err != nil {
			return err
		}
		filesys.Punch(f.cache.data, r.first*block, (r.end-r.first)*block)
	}
	return nil
}

// blocks returns the blocks that a span touches.
func (f *File) blocks(s sqlpages.Span) (first, end int64) {
	from, to := min(max(s.Off, 0), f.state.Size), f.state.Size
	if s.Len < to-s.Off {
		to = s.Off + s.Len
	}
	return from / block, (max(to, 0) + block - 1) / block
}

// Has reports whether spans are there.
func (f *File) Has(spans []sqlpages.Span) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range spans {
		first, end := f.blocks(s)
		if f.there.next(first, end, false) < end {
			return false
		}
	}
	return true
}

// Fetched returns how many bytes were fetched since the file was opened.
func (f *File) Fetched() int64 { return f.fetched.Load() }

// Missing returns how many bytes of spans, which do not overlap, have to be fetched.
func (f *File) Missing(spans []sqlpages.Span) (bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range spans {
		first, end := f.blocks(s)
		for at := first; at < end; {
			from := f.there.next(at, end, false)
			at = f.there.next(from, end, true)
			bytes += (at - from) * block
		}
	}
	return bytes
}

// write keeps bytes from off, a block's beginning, on: whole blocks, or the end of the file.
func (f *File) write(off int64, p []byte) error {
	f.fetched.Add(int64(len(p)))
	n := int64(len(p)) / block
	if off+int64(len(p)) == f.state.Size {
		n = (int64(len(p)) + block - 1) / block
	}
	if _, err := f.cache.data.WriteAt(p, off); err != nil {
		return fmt.Errorf("keep what was fetched: %w", err)
	}
	if err := f.cache.note(off/block, n, kept); err != nil {
		return fmt.Errorf("keep what was fetched: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.there.set(off/block, off/block+n, true)
	f.claimed.set(off/block, off/block+n, false)
	f.tell()
	return nil
}

// tell wakes those who wait. f.mu is held.
func (f *File) tell() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// Explain says in words what an answer means for a file.
func Explain(err error) error {
	status, ok := errors.AsType[*fetch.StatusError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, fetch.ErrNoImagery): // of a server of imagery
		return fmt.Errorf("the server has no such file (status %d)", status.Code)
	case errors.Is(err, fetch.ErrRefused):
		return fmt.Errorf("the server refuses it (status %d): it wants a user name, a password or "+
			"a token in the address", status.Code)
	case status.Code == http.StatusRequestedRangeNotSatisfiable:
		return errors.New("the server says that the file is empty or shorter than it was (status 416)")
	}
	return fmt.Errorf("the server answers %w", err)
}
