package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func wanted(packages []*scenery.Package, k tiles.Key) bool {
	for _, p := range packages {
		if _, ok := p.Lookup(k); ok {
			return true
		}
	}
	return false
}

// generator makes live textures with the pipeline that builds archives.
type generator struct{ pipeline *pack.Pipeline }

var _ mount.Generator = generator{}

// Texture implements mount.Generator. A texture for which every chunk failed is an error: the mount
// has better stand-ins.
func (g generator) Texture(ctx context.Context, t tiles.Texture) (mount.Made, error) {
	built, err := g.pipeline.Texture(ctx, tiles.Item{Texture: t})
	if err != nil {
		return mount.Made{}, err
	}
	if built.Blank() {
		built.Release()
		return mount.Made{}, fmt.Errorf("all chunks of %s failed: %w", t, built.Cause)
	}
	return mount.Made{File: built.Take(), Chunks: built.Chunks, Overzoomed: built.Overzoomed,
		Missing: built.Missing, Failed: built.Failed}, nil
}

// openDisk opens the disk cache of p's textures, or returns nil if there is none. One that cannot
// be used is reported and skipped.
func (o Options) openDisk(ctx context.Context, p fetch.Provider) *mount.DiskCache {
	log := o.Mount.Logger
	// A bare URL template may stand for other imagery tomorrow: its textures are kept only on
	// request.
	if o.DiskCache == 0 || p.StoreName() == "" || p.Code == providers.BareCode && !o.DiskAsked {
		return nil
	}
	dir, err := o.CacheDir, error(nil)
	if dir == "" {
		dir, err = os.UserCacheDir()
		dir = filepath.Join(dir, "xelpack", "live")
	}
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	var disk *mount.DiskCache
	if err == nil {
		disk, err = mount.OpenDiskCache(ctx, filepath.Join(dir, p.CacheName()),
			mount.DiskCacheOptions{Provider: p.ID, MaxBytes: o.DiskCache, Logger: log})
	}
	if err != nil {
		log.Warn("no disk cache for live textures", "because", err)
		return nil
	}
	return disk
}

// pipeline sets how live textures are made: by few workers, at low priority.
func (o Options) pipeline(source fetch.Source, p fetch.Provider,
	observer pack.Observer) pack.Options {
	return pack.Options{
		Observer: observer, LowPriority: true,
		Workers: min(o.Mount.LiveWorkers, runtime.GOMAXPROCS(0)),
		Memory:  max(minPipelineMemory, int64(o.Mount.LiveWorkers)*mount.LiveLayout().Size()),
	}.From(source, p)
}

// minPipelineMemory holds enough textures in flight to keep the network busy.
const minPipelineMemory = 64 << 20

// closeDisk closes the cache. A write error is reported and does not fail the mount.
func closeDisk(d *mount.DiskCache, log *slog.Logger) {
	if err := d.Close(); err != nil {
		log.Warn("the disk cache could not be written completely", "because", err)
	}
}

const (
	// mountBytes is the memory of a mount besides its caches: indices, textures in the making,
	// buffers.
	mountBytes = 200e6
	// archiveCache is the segment cache of an open archive (mbtiles.ReaderOptions).
	archiveCache = 32 << 20
)

// Memory is what a mount with so large a memory cache and so many archives takes, at most.
func Memory(memoryCache int64, archives int) int64 {
	return memoryCache + mountBytes + int64(archives)*archiveCache
}
