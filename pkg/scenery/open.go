package scenery

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// Options adjust OpenWith. The zero value reads all terrain.
type Options struct {
	// Cache is the folder for the package's index, see CacheDir; empty: no index. The index is
	// valid as long as no folder of the package changes: files added to or removed from terrain/
	// and textures/ are noticed, a terrain file rewritten in place is not.
	Cache string
	// Refresh reads the terrain even if the index is up to date, and rewrites the index.
	Refresh bool
	// Cells limits the package to the terrain that the meshes (DSFs) of these cells list, so that a
	// huge terrain folder need not be read as a whole; nil: everything. A mesh also lists the
	// textures on its borders. If a mesh is compressed and cannot be unpacked, everything is read.
	// The cache is not used.
	Cells func(Cell) bool
}

// Open reads the package in dir: every .ter file of its terrain folder and the names in its
// textures folder.
//
// The error wraps ErrNoTerrain if dir has no terrain, and ctx's error when ctx ends. Terrain that
// cannot be used is not an error: see Skipped.
func Open(ctx context.Context,
	dir string) (*Package, error) {
	return OpenWith(ctx, dir, Options{})
}

// OpenWith is Open with options.
func OpenWith(ctx context.Context, dir string, o Options) (*Package, error) {
	fs, err := findFolders(dir)
	if err != nil {
		return nil, err
	}
	var p *Package
	switch {
	case o.Cells != nil:
		p, err = readCells(ctx, fs, o)
	case o.Cache != "":
		p, err = openCached(ctx, fs, o)
	default:
		p, _, err = readAll(ctx, fs)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenery package %s: %w", dir, err)
	}
	p.dir = dir
	return p, nil
}

// openCached reads the package from the cache or, if it is not there, from its terrain.
func openCached(ctx context.Context, fs folders, o Options) (*Package, error) {
	dir, err := filepath.Abs(fs.root)
	if err != nil {
		return nil, err
	}
	if !o.Refresh {
		// An index that cannot be used is replaced, whatever is wrong with it.
		if p, err := readIndex(o.Cache, dir); err == nil {
			return p, nil
		}
	}
	start := time.Now()
	p, stamps, err := readAll(ctx, fs)
	if err != nil {
		return nil, err
	}
	if settled(stamps, start) {
		p.cacheErr = writeIndex(o.Cache, dir, p, stamps)
	}
	return p, nil
}

// readAll reads all terrain of the package. It returns the times of its folders' last changes,
// taken before reading.
func readAll(ctx context.Context, fs folders) (*Package, []stamp, error) {
	stamps := []stamp{stampOf(fs.root), stampOf(fs.textures)}
	all, err := scan(ctx, fs, func(ctx context.Context, all *found, batches chan<- batch) error {
		return listTerrain(ctx, fs, all, batches)
	})
	if err != nil {
		return nil, nil, err
	}
	if all.terrains == 0 && len(all.skipped) == 0 {
		return nil, nil, ErrNoTerrain
	}
	p, err := all.finish(ctx, fs)
	return p, append(stamps, all.folders...), err
}

// readCells reads the terrain that the meshes of some cells list.
func readCells(ctx context.Context, fs folders, o Options) (*Package, error) {
	complete := true
	all, err := scan(ctx, fs,
		func(ctx context.Context, all *found, batches chan<- batch) (err error) {
			complete, err = listCells(ctx, fs, o, all, batches)
			return err
		})
	if err != nil {
		return nil, err
	}
	if !complete {
		p, _, err := readAll(ctx, fs)
		return p, err
	}
	return all.finish(ctx, fs)
}
