package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"sync/atomic"

	"golang.org/x/sync/singleflight"

	"github.com/xelpack/xelpack/internal/share/catalogue"
	"github.com/xelpack/xelpack/internal/share/publish"
)

// listing knows what the folder offers. It looks again when the folder has changed.
type listing struct {
	ctx   context.Context // of the server
	root  *os.Root
	o     publish.Options
	last  atomic.Pointer[snapshot]
	looks singleflight.Group
}

// snapshot is what the folder offered when it was looked at.
type snapshot struct {
	seen            map[string]fs.FileInfo // every file that may be an archive
	archives        map[string]bool        // those that are
	published       string                 // tells whether the published files have changed
	catalogue, page []byte
}

func newListing(ctx context.Context, root *os.Root, o Options) *listing {
	return &listing{ctx: context.WithoutCancel(ctx), root: root, o: publish.Options{
		Dir: o.Dir, Private: true, Tolerant: true, Note: o.Note}}
}

// now returns what the folder offers.
func (l *listing) now() (*snapshot, error) {
	seen, published, err := l.look()
	if err != nil {
		return nil, err
	}
	if last := l.last.Load(); last != nil && last.describes(seen, published) {
		return last, nil
	}
	// Whoever asks meanwhile waits for the same look.
	fresh, err, _ := l.looks.Do("", func() (any, error) { return l.read(seen, published) })
	if err != nil {
		return nil, err
	}
	return fresh.(*snapshot), nil
}

// has reports whether the open file is an archive of the folder.
func (l *listing) has(name string, info fs.FileInfo) bool {
	list := l.last.Load()
	if list == nil || !same(list.seen[name], info) {
		var err error
		if list, err = l.now(); err != nil {
			return false
		}
	}
	return list.archives[name] && same(list.seen[name], info)
}

// look lists the folder.
func (l *listing) look() (seen map[string]fs.FileInfo, published string, err error) {
	entries, err := fs.ReadDir(l.root.FS(), ".")
	if err != nil {
		return nil, "", err
	}
	seen = map[string]fs.FileInfo{}
	for _, e := range entries {
		name := e.Name()
		ours := name == catalogue.File || name == catalogue.Page
		if !ours && catalogue.CheckName(name) != nil {
			continue
		}
		info, err := l.root.Stat(name) // of what a link leads to, within the folder
		switch {
		case err != nil || !info.Mode().IsRegular():
		case ours:
			published += fileTag(info)
		default:
			seen[name] = info
		}
	}
	return seen, published, nil
}

func same(a, b fs.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func (s *snapshot) describes(seen map[string]fs.FileInfo, published string) bool {
	if len(seen) != len(s.seen) || published != s.published {
		return false
	}
	for name, info := range seen {
		if !same(s.seen[name], info) {
			return false
		}
	}
	return true
}

func (l *listing) read(seen map[string]fs.FileInfo, published string) (*snapshot, error) {
	s := &snapshot{seen: seen, published: published, archives: map[string]bool{}}
	o := l.o
	o.Only = func(name string) bool { return seen[name] != nil }
	folder, err := publish.Read(l.ctx, o)
	if err != nil && !errors.Is(err, publish.ErrNoArchives) {
		return nil, err
	}
	for _, a := range folder.Catalogue.Archives {
		s.archives[a.File] = true
	}
	if s.catalogue, s.page, err = folder.Files(); err != nil {
		return nil, err
	}
	if text, page := l.publishedFiles(folder.Catalogue); text != nil {
		s.catalogue, s.page = text, page
	}
	l.last.Store(s)
	return s, nil
}

// publishedFiles returns the files that were published in the folder, if they describe these
// archives.
func (l *listing) publishedFiles(c catalogue.Catalogue) (text, page []byte) {
	text, err := l.root.ReadFile(catalogue.File)
	if err != nil {
		return nil, nil
	}
	if page, err = l.root.ReadFile(catalogue.Page); err != nil {
		return nil, nil
	}
	published, err := catalogue.Parse(text)
	if err != nil || !reflect.DeepEqual(digests(published), digests(c)) {
		return nil, nil
	}
	return text, page
}

func digests(c catalogue.Catalogue) map[string]string {
	all := map[string]string{}
	for _, a := range c.Archives {
		all[a.File] = fmt.Sprint(a.Digest, a.Bytes)
	}
	return all
}

// etag returns the ETag of a text.
func etag(text []byte) string {
	sum := sha256.Sum256(text)
	return fmt.Sprintf(`"%x"`, sum[:16])
}
