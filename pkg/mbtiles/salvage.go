package mbtiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/sqlite"
)

// Salvage starts path.part of the archive's own path with the textures that keep accepts, without
// copying pages: a Writer that extends the archive then continues with these instead of a copy,
// whatever is wrong with the archive. An existing .part is not touched.
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
		path: a.real, o: o.withDefaults(), unsigned: true,
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

// keepsAll returns an ErrUnfinished if the archive at path has textures that its replacement lacks:
// that was started by Salvage, and the damaged textures were not repaired.
func keepsAll(ctx context.Context, path string, next *index) error {
	a, err := open(ctx, path, ReaderOptions{Readers: 1, Remains: true})
	if err != nil {
		return ctx.Err() // none, or it cannot be read at all
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
	return fmt.Errorf("%w: of its %d textures %d were damaged and are not yet repaired in %s; "+
		"continue with %s", ErrUnfinished, a.Len(), lost,
		filepath.Base(path)+partSuffix, shell.Command("xelpack", "repair", "--damaged", path))
}
