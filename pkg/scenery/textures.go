package scenery

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// markReal sets Real on the textures that the textures folder holds. The folder is listed once,
// names only: streaming packages keep hundreds of thousands of masks in it. A package without that
// folder holds none.
func markReal(ctx context.Context, fs folders, named []Named) error {
	if fs.textures == "" {
		return nil
	}
	real, err := realTextures(ctx, fs.textures)
	if err != nil || len(real) == 0 {
		return err
	}
	for i := range named {
		_, named[i].Real = real[named[i].Key()]
	}
	return nil
}

// realTextures returns the keys of the ground textures that are files in dir. Links to files count.
func realTextures(ctx context.Context, dir string) (map[tiles.Key]struct{}, error) {
	real := map[tiles.Key]struct{}{}
	installed := manifest.Installed(dir) // goes with the installation: not the package's own
	err := eachBatch(dir, func(entries []os.DirEntry) error {
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || !strings.EqualFold(filepath.Ext(name), ".dds") || installed[strings.ToLower(name)] {
				continue
			}
			texture, err := tiles.ParseName(name)
			if err != nil {
				continue
			}
			if !e.Type().IsRegular() {
				if info, err := os.Stat(filepath.Join(dir, name)); err != nil ||
					!info.Mode().IsRegular() {
					continue
				}
			}
			real[texture.Key()] = struct{}{}
		}
		return ctx.Err()
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // a broken link
	}
	return real, err
}
