package scenery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// MaxProblems is how many problems a Package keeps. A package with more is broken as a whole, and
// the first thousand show how.
const MaxProblems = 1000

const (
	// files read at once: enough to keep an SSD busy, few enough for two cores
	scanWorkers  = 4
	scanBatch    = 512      // names handed to a worker at a time
	maxTerBytes  = 64 << 10 // read of a terrain file; Ortho4XP writes about 300
	maxDepth     = 8        // of folders under terrain/
	maxWhat      = 300      // bytes of a problem's text, which may quote an untrusted file
	firstCompact = 64 << 10 // textures collected before duplicates are first dropped
)

// found collects the results of the workers. Duplicates are dropped whenever the list has doubled,
// so memory grows with the result and not with the number of terrain files.
type found struct {
	mu       sync.Mutex
	named    []Named
	distinct int // length of named after the last compaction
	terrains int
	problems []Problem
	skipped  map[Kind]int
	folders  []stamp // folders listed, with stamps from before; used only by the listing goroutine
}

// add adds the results of a batch.
func (f *found) add(named []Named, terrains int, problems []Problem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.named = append(f.named, named...)
	f.terrains += terrains
	for _, p := range problems {
		if len(f.problems) < MaxProblems || f.skipped[p.Kind] == 0 {
			if len(p.What) > maxWhat {
				p.What = strings.ToValidUTF8(p.What[:maxWhat], "") + "…"
			}
			f.problems = append(f.problems, p)
		}
		f.skipped[p.Kind]++
	}
	if len(f.named) >= max(2*f.distinct, firstCompact) {
		f.compact()
	}
}

// compact sorts the textures and merges those with the same key: the spelling that sorts first
// stays, and one sea terrain with a mask is enough.
func (f *found) compact() {
	slices.SortFunc(f.named, func(a, b Named) int {
		if c := compareKey(a, b); c != 0 {
			return c
		}
		return strings.Compare(a.File, b.File)
	})
	kept := f.named[:0]
	for _, n := range f.named {
		if last := len(kept) - 1; last >= 0 && compareKey(kept[last], n) == 0 {
			kept[last].Mask = kept[last].Mask || n.Mask
			continue
		}
		kept = append(kept, n)
	}
	clear(f.named[len(kept):])
	f.named = kept
	f.distinct = len(kept)
}

// finish puts everything in its final order and marks the textures that are real.
func (f *found) finish(ctx context.Context, fs folders) (*Package, error) {
	f.compact()
	slices.SortFunc(f.named, func(a, b Named) int { return a.Texture.Compare(b.Texture) })
	slices.SortFunc(f.problems, func(a, b Problem) int { return strings.Compare(a.File, b.File) })
	if err := markReal(ctx, fs, f.named); err != nil {
		return nil, err
	}
	return &Package{named: slices.Clip(f.named), terrains: f.terrains, problems: f.problems,
		skipped: f.skipped}, nil
}

// batch is a group of terrain files in one folder.
type batch struct {
	dir   string // slash-separated, relative to the package
	names []string
}

// scan reads the terrain files that list passes on.
func scan(ctx context.Context, fs folders,
	list func(context.Context, *found, chan<- batch) error) (*found, error) {
	all := &found{skipped: make(map[Kind]int)}
	batches := make(chan batch, scanWorkers)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(batches)
		return list(ctx, all, batches)
	})
	for range scanWorkers {
		g.Go(func() error {
			buf := make([]byte, maxTerBytes)
			for b := range batches {
				if err := readBatch(ctx, fs, b, buf, all); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

// listTerrain streams the terrain folder and its sub-folders. Links to folders are not followed, so
// it always ends.
func listTerrain(ctx context.Context, fs folders, all *found, batches chan<- batch) error {
	pending := []string{terrainFolder}
	for len(pending) > 0 {
		dir := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		all.folders = append(all.folders, stampOf(fs.path(dir)))
		err := eachBatch(fs.path(dir), func(entries []os.DirEntry) error {
			b := batch{dir: dir, names: make([]string, 0, len(entries))}
			for _, e := range entries {
				sub := path.Join(dir, e.Name())
				switch {
				case e.IsDir() && strings.Count(sub, "/") > maxDepth:
					all.add(nil, 0, []Problem{{sub, "folders are nested too deep", Unfollowed}})
				case e.IsDir():
					pending = append(pending, sub)
				case isTer(e.Name()):
					b.names = append(b.names, e.Name())
				case e.Type()&os.ModeSymlink != 0 && leadsToFolder(fs.path(sub)):
					all.add(nil, 0, []Problem{
						{sub, "links to folders inside terrain are not followed", Unfollowed}})
				}
			}
			return send(ctx, batches, b)
		})
		if err == nil {
			continue
		}
		if dir == terrainFolder || ctx.Err() != nil {
			return err
		}
		all.add(nil, 0, []Problem{{dir, reason(err), Unfollowed}})
	}
	return nil
}

// send passes a batch to the workers.
func send(ctx context.Context, batches chan<- batch, b batch) error {
	select {
	case batches <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readBatch reads the terrain files of b.
func readBatch(ctx context.Context, fs folders, b batch, buf []byte, all *found) error {
	named := make([]Named, 0, len(b.names))
	var problems []Problem
	for _, name := range b.names {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, ok, err := readTer(fs, b.dir, name, buf)
		if err != nil {
			kind := Unreadable
			if texture, ok := errors.AsType[*textureError](err); ok {
				kind = texture.kind
			}
			problems = append(problems, Problem{path.Join(b.dir, name), reason(err), kind})
		} else if ok {
			named = append(named, n)
		}
	}
	all.add(named, len(b.names)-len(problems), problems)
	return nil
}

// readTer returns the texture that a terrain file names, and false if it names no ortho imagery. At
// most len(buf) bytes are read.
func readTer(fs folders, dir, name string, buf []byte) (Named, bool, error) {
	text, more, err := readHead(fs.path(path.Join(dir, name)), buf)
	if err != nil {
		return Named{}, false, err
	}
	t, err := parseTer(text)
	if err != nil {
		return Named{}, false, err
	}
	if more && t.baseTex == "" {
		return Named{}, false, fmt.Errorf("no BASE_TEX in its first %d bytes", len(buf))
	}
	return t.named(dir, name)
}

// readHead fills buf from the start of a regular file and reports whether the file is longer.
func readHead(file string, buf []byte) (head []byte, more bool, err error) {
	f, size, err := openRegular(file)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = f.Close() }()
	n, err := io.ReadFull(f, buf[:min(int64(len(buf)), size)])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, false, err
	}
	return buf[:n], size > int64(len(buf)), nil
}

// openRegular opens a file and returns its size. Anything but a regular file is an error: reading a
// pipe would block for ever.
func openRegular(file string) (*os.File, int64, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// eachBatch calls do with the entries of a folder, a batch at a time.
func eachBatch(dir string, do func([]os.DirEntry) error) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for {
		entries, err := f.ReadDir(scanBatch)
		if len(entries) > 0 {
			if err := do(entries); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// path returns the path on disk of a part of the terrain folder; rel is slash-separated and starts
// with "terrain".
func (fs folders) path(rel string) string {
	return filepath.Join(fs.terrain, filepath.FromSlash(strings.TrimPrefix(rel, terrainFolder)))
}

func isTer(name string) bool {
	return len(name) > len(terExtension) &&
		strings.EqualFold(name[len(name)-len(terExtension):], terExtension)
}

func leadsToFolder(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.IsDir()
}

// reason drops the path from a file system error: the problem names the file already.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Sprintf("cannot be read: %v", pathErr.Err)
	}
	return err.Error()
}
