package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"al.essio.dev/pkg/shellescape"

	"github.com/xelpack/xelpack/internal/sqlite"
)

// Salvage begins path.part of the archive's own path with those textures of it that keep wants, and
// nothing of its pages: a Writer that extends the archive then goes on with these instead of with a
// copy of it, whatever is wrong with it. A .part that is there already is left alone.
func (a *Archive) Salvage(ctx context.Context, keep func(Entry) bool, o CopyOptions) (err error) {
	part := a.real + partSuffix
	lock, err := sqlite.LockFile(part + sqlite.LockSuffix)
	if err != nil {
		return explain(a.path, sqlite.Bare(err))
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if _, err := os.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	meta, err := a.Metadata(ctx)
	if err != nil {
		return err
	}
	if err := sqlite.RemoveRemains(part); err != nil {
		return explain(part, err)
	}
	work := assembling{
		path: a.real, o: o.withDefaults(),
		Assembly: Assembly{From: []*Archive{a}, Sources: a.Sources(keep), Metadata: meta},
	}
	tmp := part + copySuffix
	// left by a killed process
	if err = os.Remove(tmp); err == nil || errors.Is(err, fs.ErrNotExist) {
		err = work.write(ctx, tmp)
	}
	if err == nil {
		err = publishCopy(tmp, part, true)
	} else if errRemove := os.Remove(tmp); !errors.Is(errRemove, fs.ErrNotExist) {
		err = errors.Join(err, errRemove)
	}
	if err != nil {
		return explain(a.path, fmt.Errorf("copy what is whole in %s: %w", filepath.Base(part), err))
	}
	return nil
}

// keepsAll returns an ErrUnfinished if the archive at path has textures that the one to take its
// place does not: it was begun by Salvage, and what was damaged is not made good.
func keepsAll(ctx context.Context, path string, next *index) error {
	a, err := open(ctx, path, ReaderOptions{Readers: 1, Remains: true})
	if err != nil {
		return ctx.Err() // there is none, or nothing of it can be known
	}
	defer func() { _ = a.Close() }()
	lost := 0
	for e := range a.All() {
		if _, ok := next.lookup(e.Texture.Key()); !ok {
			lost++
		}
	}
	if lost == 0 {
		return nil
	}
	return fmt.Errorf("%w: of its %d textures %d were damaged and are not made good in %s; go on "+
		"with %s", ErrUnfinished, a.Len(), lost,
		filepath.Base(path)+partSuffix, shellescape.QuoteCommand(
			[]string{"xelpack", "repair", "--damaged", path}))
}
