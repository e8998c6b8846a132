package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mount"
)

// liveOptions are the flags about textures that are made when they are opened.
type liveOptions struct {
	Live        string
	Deadline    time.Duration
	Workers     int
	MemoryCache string
	DiskCache   string
	CacheDir    string
	Prefetch    string
}

// What made textures may take in memory and on disk.
const (
	defaultMemoryCache = "2GB"
	defaultDiskCache   = "20GB"
	noDiskCache        = "off"
)

func (o *liveOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.Live, "live", "scenery", "which missing textures are made when opened: off, scenery or any")
	f.DurationVar(&o.Deadline, "deadline", 20*time.Second, "how long an open waits for a live texture before a stand-in answers")
	f.IntVar(&o.Workers, "live-workers", 0, "live textures made at once (default one a processor, at least 2)")
	f.StringVar(&o.MemoryCache, "memory-cache", "", "`SIZE` in memory for live textures (default "+defaultMemoryCache+")")
	f.StringVar(&o.DiskCache, "disk-cache", "", "`SIZE` on disk for live textures, for each provider, or off (default "+defaultDiskCache+"; off for a bare URL template)")
	f.StringVar(&o.Prefetch, "prefetch", "on", "make neighbours of live textures, and the rest of their row, before they are opened: on or off")
	f.StringVar(&o.CacheDir, "cache-dir", "", "`DIR` of the disk cache (default xelpack/live in the user's cache folder)")
}

// apply checks the flags and puts them into mo.
func (o liveOptions) apply(mo *mount.Options) (err error) {
	if mo.Live, err = mount.ParseLiveMode(o.Live); err != nil {
		return usageErrorf("--live: %w", err)
	}
	if o.Deadline <= 0 {
		return usageErrorf("--deadline %v: want a positive time, such as 20s", o.Deadline)
	}
	if o.Workers < 0 {
		return usageErrorf("--live-workers %d: want 1 or more, or 0 for one a processor", o.Workers)
	}
	if o.Prefetch != "on" && o.Prefetch != "off" {
		return usageErrorf("--prefetch %q: want on or off", o.Prefetch)
	}
	mo.Deadline, mo.LiveWorkers, mo.Prefetch = o.Deadline, o.Workers, o.Prefetch == "on"
	if mo.MemoryCache, err = units.ParseBytes(cmp.Or(o.MemoryCache, defaultMemoryCache)); err != nil {
		return usageErrorf("--memory-cache: %w", err)
	}
	if _, err := o.diskBytes(); err != nil {
		return usageErrorf("--disk-cache: %w; or off", err)
	}
	return nil
}

// diskBytes is how large the disk cache may become; 0 is none.
func (o liveOptions) diskBytes() (int64, error) {
	if o.DiskCache == noDiskCache {
		return 0, nil
	}
	return units.ParseBytes(cmp.Or(o.DiskCache, defaultDiskCache))
}

// openDisk opens the disk cache of p's textures, or returns nil where there is to be none. One that
// cannot be used is reported and skipped.
func (o liveOptions) openDisk(ctx context.Context, p fetch.Provider, log *slog.Logger) *mount.DiskCache {
	size, _ := o.diskBytes() // apply has looked at it
	// What stands behind a bare URL template may be another thing tomorrow: its textures are kept
	// when that is asked for.
	if size == 0 || p.StoreName() == "" || p.Code == providers.BareCode && o.DiskCache == "" {
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
		disk, err = mount.OpenDiskCache(ctx, filepath.Join(dir, p.StoreName()), mount.DiskCacheOptions{Provider: p.ID, MaxBytes: size, Logger: log})
	}
	if err != nil {
		log.Warn("live textures are not kept on disk", "because", err)
		return nil
	}
	return disk
}

// pipeline says how live textures are made: by few, and on what processor time others leave.
func (o liveOptions) pipeline(source fetch.Source, p fetch.Provider, observer pack.Observer) pack.Options {
	return pack.Options{
		Observer: observer, LowPriority: true,
		Workers: min(o.Workers, runtime.GOMAXPROCS(0)),
		Memory:  max(minPipelineMemory, int64(o.Workers)*mount.LiveLayout().Size()),
	}.From(source, p)
}

// minPipelineMemory has room for as many textures under way as keep the network busy.
const minPipelineMemory = 64 << 20

// closeDisk closes the cache. That it could not be written is no failure of the mount: it is said.
func closeDisk(d *mount.DiskCache, log *slog.Logger) {
	if err := d.Close(); err != nil {
		log.Warn("the disk cache could not be written to its end", "because", err)
	}
}

const (
	// mountBytes is what a mount takes beside its caches: indices, what is being made, buffers.
	mountBytes = 200e6
	// archiveCache is what an open archive keeps of its segments (mbtiles.ReaderOptions).
	archiveCache = 32 << 20
)

// mountMemory is what a mount with so large a memory cache and so many archives takes, at most.
func mountMemory(memoryCache int64, archives int) int64 {
	return memoryCache + mountBytes + int64(archives)*archiveCache
}
