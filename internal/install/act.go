package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// act does the steps. Files that can be linked to a file about to be removed are linked first; then
// removals make room for what is written.
func (w *work) act(ctx context.Context) error {
	f := w.folder
	if err := f.prepare(); err != nil {
		return err
	}
	ready := make(map[string]bool) // linked, and waiting in the folder New
	if err := w.linkAhead(ctx, ready); err != nil {
		return err
	}
	for _, s := range w.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.giveBack(s); err != nil {
			return err
		}
	}
	if err := w.putAll(ctx, ready); err != nil {
		return err
	}
	return errors.Join(f.sync("."), f.sync(filepath.Join(manifest.Folder, manifest.Kept)))
}

// linkAhead links files to be written to existing files of equal content.
func (w *work) linkAhead(ctx context.Context, ready map[string]bool) error {
	if w.o.Copies || w.archive == nil {
		return nil
	}
	here := make(map[string]string) // path of a file by its content
	for _, s := range w.steps {
		// the package's own files are never linked to: a change of one would change the other
		if s.ours {
			here[s.cur.content.SHA256] = w.folder.at(s.name)
		}
	}
	elsewhere := w.others()
	for _, s := range w.steps {
		if s.put == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		source, ok := here[s.put.SHA256]
		if !ok {
			if source, ok = elsewhere[s.put.SHA256]; !ok || !holds(source, *s.put) {
				continue
			}
		}
		linked, err := w.folder.link(source, newName(s.name))
		if err != nil {
			return err
		}
		ready[s.name] = linked
	}
	return nil
}

// others returns the textures installed in other packages, by content.
func (w *work) others() map[string]string {
	files := make(map[string]string)
	for _, dir := range w.o.Others {
		m, err := manifest.Open(filepath.Join(dir, manifest.Folder, manifest.Name))
		if err != nil {
			continue // work on that package will report it
		}
		for _, f := range m.Files {
			files[f.SHA256] = filepath.Join(dir, f.Name)
		}
	}
	return files
}

// giveBack does the part of a step that needs no texture of the archive.
func (w *work) giveBack(s step) error {
	f := w.folder
	kept := filepath.Join(manifest.Folder, manifest.Kept, s.name)
	if s.remove || s.restore {
		if err := f.unchanged(s); err != nil {
			return err
		}
	}
	switch {
	case s.remove:
		return f.remove(s.name)
	case s.restore:
		return f.rename(kept, s.name)
	case s.rescue:
		free, err := f.freeName(s.name + before)
		if err != nil {
			return err
		}
		return f.rename(kept, free)
	case s.spare:
		return f.remove(kept)
	}
	return nil
}

// putAll writes textures, several at once.
func (w *work) putAll(ctx context.Context, ready map[string]bool) error {
	equal := make(map[string][]step) // what is to be put, by content
	var order []string
	total, done := int64(0), int64(0)
	for _, s := range w.steps {
		if s.put == nil {
			continue
		}
		if equal[s.put.SHA256] == nil {
			order = append(order, s.put.SHA256)
		}
		equal[s.put.SHA256] = append(equal[s.put.SHA256], s)
		total += s.put.Size
	}
	var mu sync.Mutex
	count := func(s step, linked bool) {
		mu.Lock()
		defer mu.Unlock()
		w.count(linked)
		done += s.put.Size
		w.o.Meter("install", done, total)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(w.o.Workers) // mostly decoding
	for _, sum := range order {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			first := ""
			for _, s := range equal[sum] {
				if err := gctx.Err(); err != nil {
					return err
				}
				linked := ready[s.name]
				if !linked && first != "" && !w.o.Copies {
					var err error
					if linked, err = w.folder.link(first, newName(s.name)); err != nil {
						return err
					}
				}
				if !linked {
					if err := w.write(gctx, s); err != nil {
						return fmt.Errorf("%s: %w", w.folder.at(s.name), err)
					}
				}
				if err := w.place(s); err != nil {
					return err
				}
				first = w.folder.at(s.name)
				count(s, linked)
			}
			return nil
		})
	}
	return errors.Join(g.Wait(), ctx.Err())
}

func newName(name string) string { return filepath.Join(manifest.Folder, manifest.New, name) }

// write decodes a texture into the folder New and compares it with its hash.
func (w *work) write(ctx context.Context, s step) error {
	hash := sha256.New()
	entry := w.entries[s.name]
	err := w.folder.create(newName(s.name), func(out io.Writer) error {
		return w.archive.WriteTo(ctx, entry, io.MultiWriter(out, hash))
	})
	if err != nil {
		return err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != s.put.SHA256 {
		return fmt.Errorf("%w: the texture does not match its hash (%s)", mbtiles.ErrCorrupt,
			units.Bytes(s.put.Size))
	}
	return nil
}

// place renames a file of the folder New to its final name, and sets aside the package's own file.
func (w *work) place(s step) error {
	f := w.folder
	if err := f.unchanged(s); err != nil {
		return err
	}
	if s.aside {
		if err := f.rename(s.name,
			filepath.Join(manifest.Folder, manifest.Kept, s.name)); err != nil {
			return err
		}
	}
	return f.rename(newName(s.name), s.name)
}
