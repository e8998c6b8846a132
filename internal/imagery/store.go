package imagery

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/chunkstore"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// DefaultKeep is the default maximum size of a store.
const DefaultKeep = "10GB"

// KeepBytes returns the maximum size of a provider's store.
func (o Options) KeepBytes() (int64, error) { return units.ParseBytes(cmp.Or(o.Keep, DefaultKeep)) }

// Keeps reports whether chunks of p are kept.
func (o Options) Keeps(p fetch.Provider) bool {
	name, _ := o.storeName(p)
	return name != ""
}

// storeName returns the file name of p's store, or "", and whether its chunks are kept only until
// their textures are whole. A bare URL template may stand for other imagery tomorrow: its chunks
// are kept longer only on request.
func (o Options) storeName(p fetch.Provider) (name string, untilWhole bool) {
	name = p.StoreName()
	asked := o.Keep != "" || o.Offline
	switch {
	case o.NoStore || name == "":
		return "", false
	case asked || p.Code != providers.BareCode:
		return name, false
	case !o.UntilWhole:
		return "", false
	}
	return strings.TrimSuffix(name, ".mbtiles") + ".holes.mbtiles", true
}

// storeFile returns the path of the store of that name.
func storeFile(name string) (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "xelpack", "chunks", name), err
}

// CountKept returns a function that counts the chunks of p in the store; nil if there is none. A
// store that cannot be read counts as none.
func (o Options) CountKept(ctx context.Context,
	p fetch.Provider) func([]chunkstore.Square) (int, error) {
	name, _ := o.storeName(p)
	file, err := storeFile(name)
	if err != nil || name == "" {
		return nil
	}
	return func(squares []chunkstore.Square) (int, error) {
		n, err := chunkstore.CountKept(ctx, file, squares)
		if err != nil {
			return 0, ctx.Err()
		}
		return n, nil
	}
}

// openStore opens p's store; nil if there is none.
func (o Options) openStore(ctx context.Context, p fetch.Provider) (*chunkstore.Store, error) {
	name, untilWhole := o.storeName(p)
	if name == "" {
		return nil, nil
	}
	file, err := storeFile(name)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	size, err := o.KeepBytes()
	if err != nil {
		return nil, err
	}
	return chunkstore.Open(ctx, file, chunkstore.Options{
		MaxBytes: size, Name: p.Name, Attribution: p.Attribution, TilePx: p.TilePx, UntilWhole: untilWhole,
	})
}
