package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/install/manifest"
)

// seen is the file found under a name.
type seen struct {
	info    fs.FileInfo // nil: nothing
	content manifest.Content
}

func (s seen) there() bool { return s.info != nil }

func (s seen) is(c manifest.Content) bool { return s.there() && s.content == c }

// changedSince reports whether a file is not the one that was seen.
func (s seen) changedSince(now fs.FileInfo) bool {
	if s.info == nil || now == nil {
		return (s.info == nil) != (now == nil)
	}
	return s.info.Size() != now.Size() || s.info.Mode() != now.Mode() ||
		!s.info.ModTime().Equal(now.ModTime())
}

// lstat returns nil if there is nothing.
func (f *folder) lstat(name string) (fs.FileInfo, error) {
	if f.root == nil {
		return nil, nil
	}
	info, err := f.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, f.explain(err)
}

// question is a name to examine.
type question struct {
	name string
	of   []manifest.Content // possible contents; files of other sizes are not read. Empty: any
}

// look finds out which files are under names, by their bytes and not by times, which programs set
// at will. Only files of a possible size are read.
func (f *folder) look(ctx context.Context, o Options, names []question) (map[string]seen, error) {
	found := make(map[string]seen, len(names))
	var read []string
	total := int64(0)
	for _, q := range names {
		info, err := f.lstat(q.name)
		if err != nil {
			return nil, err
		}
		if info == nil {
			continue
		}
		s := seen{info: info}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if s.content.Link, err = f.root.Readlink(q.name); err != nil {
				return nil, f.explain(err)
			}
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s is not a file (nothing was changed): a texture is to be "+
				"installed under that name", f.at(q.name))
		default:
			s.content.Size = info.Size()
			ofSize := func(c manifest.Content) bool { return c.Link == "" && c.Size == info.Size() }
			if len(q.of) == 0 || slices.ContainsFunc(q.of, ofSize) {
				read = append(read, q.name)
				total += info.Size()
			}
		}
		found[q.name] = s
	}
	var mu sync.Mutex
	done := int64(0)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(o.Workers)
	for _, name := range read {
		g.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			in, err := f.root.Open(name)
			if err != nil {
				return f.explain(err)
			}
			sum, n, err := hashOf(in)
			if err != nil {
				return f.explain(err)
			}
			mu.Lock()
			defer mu.Unlock()
			s := found[name]
			s.content.SHA256, s.content.Size = sum, n
			found[name] = s
			done += s.info.Size()
			o.Meter("look", done, total)
			return nil
		})
	}
	err := g.Wait()
	return found, errors.Join(err, ctx.Err())
}

// hashOf reads a file and closes it.
func hashOf(in *os.File) (sum string, n int64, err error) {
	defer func() { _ = in.Close() }()
	hash := sha256.New()
	n, err = io.Copy(hash, in)
	return hex.EncodeToString(hash.Sum(nil)), n, err
}
