package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/chunkstore"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// storeOptions are the flags about the chunks that are kept.
type storeOptions struct {
	Keep    string
	NoStore bool
	Offline bool

	untilWhole bool // chunks that are not kept otherwise are kept as long as their textures have holes
}

func (o *storeOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.Keep, "keep-chunks", "", "`SIZE` that the store of fetched chunks may grow to, for each provider (default "+defaultKeep+"; of a bare URL template only those of textures with holes)")
	f.BoolVar(&o.NoStore, "no-store", false, "neither use nor fill the store of fetched chunks")
	f.BoolVar(&o.Offline, "offline", false, "ask no provider: what is not in the store is missing")
}

func (o storeOptions) validate() error {
	if _, err := units.ParseBytes(cmp.Or(o.Keep, defaultKeep)); err != nil {
		return usageErrorf("--keep-chunks: %w", err)
	}
	if o.Offline && o.NoStore {
		return usageErrorf("--offline needs the chunk store: leave out --no-store")
	}
	return nil
}

// defaultKeep is what a store may grow to.
const defaultKeep = "10GB"

// keeps returns the file name of p's store, or none, and whether its chunks are kept only until
// their textures are whole. What stands behind a bare URL template may be another thing tomorrow:
// its chunks are kept for longer when that is asked for.
func (o storeOptions) keeps(p fetch.Provider) (name string, untilWhole bool) {
	name = p.StoreName()
	asked := o.Keep != "" || o.Offline
	switch {
	case o.NoStore || name == "":
		return "", false
	case asked || p.Code != providers.BareCode:
		return name, false
	case !o.untilWhole:
		return "", false
	}
	return strings.TrimSuffix(name, ".mbtiles") + ".holes.mbtiles", true
}

// storeFile is where the store of that name is.
func storeFile(name string) (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "xelpack", "chunks", name), err
}

// countKept returns what counts the chunks of p that are kept already; nil where none are. A store
// that cannot be read is none.
func (o storeOptions) countKept(ctx context.Context, p fetch.Provider) func([]chunkstore.Square) (int, error) {
	name, _ := o.keeps(p)
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

// imagery is where a command's chunks come from: the provider, and the store before it.
type imagery struct {
	fetch.Source
	client *fetch.Client
	store  *chunkstore.Store // nil: none
}

// openImagery puts the store before the client's source. A store that cannot be used is reported
// and skipped, unless --offline needs it. Close it.
func (o storeOptions) openImagery(ctx context.Context, client *fetch.Client, p fetch.Provider, askMissing bool, stderr io.Writer) (*imagery, error) {
	im := &imagery{Source: client.Source(p), client: client}
	name, untilWhole := o.keeps(p)
	if name == "" {
		return im, nil
	}
	file, err := storeFile(name)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		size, _ := units.ParseBytes(cmp.Or(o.Keep, defaultKeep)) // validate has looked at it
		im.store, err = chunkstore.Open(ctx, file, chunkstore.Options{
			MaxBytes: size, Name: p.Name, Attribution: p.Attribution, UntilWhole: untilWhole,
		})
	}
	switch {
	case err != nil && o.Offline:
		return nil, fmt.Errorf("--offline: %w", err)
	case err != nil:
		words.Fprintf(stderr, "chunks are not kept: %v\n", err)
		return im, nil
	}
	next := im.Source
	if o.Offline {
		next = nil
	}
	im.Source = im.store.Source(next, askMissing)
	return im, nil
}

// Forget implements fetch.Keeper for what stands behind.
func (im *imagery) Forget(c tiles.Chunk) {
	if keeper, ok := im.Source.(fetch.Keeper); ok {
		keeper.Forget(c)
	}
}

// Whole implements fetch.Keeper for what stands behind.
func (im *imagery) Whole(chunks []tiles.Chunk) {
	if keeper, ok := im.Source.(fetch.Keeper); ok {
		keeper.Whole(chunks)
	}
}

// close closes store and client. A store that could not be written is no failure of the work: it is
// said.
func (im *imagery) close(stderr io.Writer) {
	if im.store != nil {
		if err := im.store.Close(); err != nil {
			words.Fprintf(stderr, "chunks are not kept: %v\n", err)
		}
	}
	im.client.Close()
}
