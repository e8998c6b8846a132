// Package opener opens archives by name: the paths and the addresses that a command is given.
//
//	o := opener.Opener{Note: note}
//	defer o.Close()
//	a, err := o.Open(ctx, "https://example.org/europe.mbtiles", mbtiles.ReaderOptions{})
package opener

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/sqlpages"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// Opener opens archives. What is fetched of those on web servers goes through one client. It must
// be closed after them.
type Opener struct {
	Note func(text string) // gets warnings
	Dir  string            // of what is fetched; "": remote in the user's cache directory
	// Stale opens what was fetched before if a server cannot be reached.
	Stale bool

	mu     sync.Mutex
	client *fetch.Client
	said   map[string]bool // warnings
	// of the archives on web servers that were opened
	textures int64
}

// Client returns the client of all archives.
func (o *Opener) Client() *fetch.Client {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.client == nil {
		o.client = fetch.NewClient(fetch.ClientOptions{UserAgent: version.Program(), Patience: -1})
	}
	return o.client
}

// Used returns the client if there is one already.
func (o *Opener) Used() *fetch.Client {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.client
}

// Close closes the client.
func (o *Opener) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.client != nil {
		o.client.Close()
	}
}

// Open opens an archive by its path or its address.
func (o *Opener) Open(ctx context.Context, name string,
	ro mbtiles.ReaderOptions) (*mbtiles.Archive, error) {
	if !remote.IsURL(name) {
		a, err := mbtiles.OpenWith(ctx, name, ro)
		if errors.Is(err, fs.ErrNotExist) && remote.HasScheme(name) {
			err = usage.Errorf("%s: archives are read from files, http:// and https:// addresses", name)
		}
		return a, err
	}
	f, err := o.file(ctx, name)
	if err != nil {
		return nil, err
	}
	o.boundMemory(0)
	a, err := mbtiles.OpenRemote(ctx, f, ro)
	if err == nil {
		o.boundMemory(a.Len())
	}
	return a, err
}

// boundMemory bounds the process's memory by so many textures more: an archive on a web server may
// be of a continent, of which only a flight is wanted.
func (o *Opener) boundMemory(textures int) {
	const base, each = 96_000_000, 32
	o.mu.Lock()
	defer o.mu.Unlock()
	o.textures += int64(textures)
	process.BoundMemory(base + each*o.textures)
}

func (o *Opener) file(ctx context.Context, name string) (*remote.File, error) {
	dir := o.Dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(cache, "xelpack", "remote")
	}
	limit := int64(defaultLimit)
	if text := os.Getenv(LimitVariable); text != "" {
		var err error
		if limit, err = units.ParseBytes(text); err != nil {
			return nil, usage.Errorf("%s: %w", LimitVariable, err)
		}
	}
	if err := remote.Trim(dir, limit); err != nil {
		o.note(fmt.Sprintf("old caches of archives on web servers cannot be removed: %v", err))
	}
	return remote.Open(ctx, name,
		remote.Options{Client: o.Client(), Dir: dir, Note: o.note, Stale: o.Stale})
}

const (
	// LimitVariable names the environment variable with how much of archives on web servers is kept
	// on disk.
	LimitVariable = "XELPACK_REMOTE_CACHE"
	defaultLimit  = 20e9
)

// note passes a warning on, each once.
func (o *Opener) note(text string) {
	o.mu.Lock()
	if o.said == nil {
		o.said = make(map[string]bool)
	}
	before := o.said[text]
	o.said[text] = true
	o.mu.Unlock()
	if !before {
		o.Note(text)
	}
}

// Verify is mbtiles.VerifyFile of an archive by its path or its address. For a full check all of it
// is fetched.
func (o *Opener) Verify(ctx context.Context, name string,
	vo mbtiles.VerifyOptions) (r mbtiles.Report, err error) {
	if !remote.IsURL(name) {
		return mbtiles.VerifyFile(ctx, name, vo)
	}
	f, err := o.file(ctx, name)
	if err != nil {
		return r, err
	}
	if !vo.Quick {
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := f.Want(ctx, []sqlpages.Span{{Off: 0, Len: f.Size()}}); err != nil {
			return r, err
		}
		if r, err = mbtiles.VerifyFile(ctx, f.Path(), vo); err != nil {
			err = renamed{err, f.Path(), f.String()}
		}
		return r, err
	}
	a, err := mbtiles.OpenRemote(ctx, f, mbtiles.ReaderOptions{})
	if err != nil {
		return mbtiles.Unreadable(f.String(), err)
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Verify(ctx, vo)
}

// renamed is an error that names a file otherwise.
type renamed struct {
	error
	from, to string
}

func (r renamed) Error() string { return strings.ReplaceAll(r.error.Error(), r.from, r.to) }
func (r renamed) Unwrap() error { return r.error }

// Use opens archives, calls f with them and closes them.
func Use(ctx context.Context, note func(string), names []string, ro mbtiles.ReaderOptions,
	f func([]*mbtiles.Archive) error) (err error) {
	o := Opener{Note: note}
	defer o.Close()
	var open []*mbtiles.Archive
	defer func() {
		for _, a := range open {
			err = errors.Join(err, a.Close())
		}
	}()
	for _, name := range names {
		a, err := o.Open(ctx, name, ro)
		if err != nil {
			return err
		}
		open = append(open, a)
	}
	return f(open)
}
