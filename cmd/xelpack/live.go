package main

import (
	"cmp"
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mount"
)

// liveOptions are the flags about live textures.
type liveOptions struct {
	Live        string
	Deadline    time.Duration
	Workers     int
	MemoryCache string
	DiskCache   string
	CacheDir    string
	Prefetch    string
}

// Default sizes of the caches in memory and on disk.
const (
	defaultMemoryCache = "2GB"
	defaultDiskCache   = "20GB"
	noDiskCache        = "off"
)

func (o *liveOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.Live, "live", "scenery",
		"which missing textures are made when they are opened: off, scenery or any")
	f.DurationVar(&o.Deadline, "deadline", 20*time.Second,
		"how long an open waits for a live texture before a stand-in is served")
	f.IntVar(&o.Workers, "live-workers", 0,
		"live textures made at once (default one per processor, at least 2)")
	f.StringVar(&o.MemoryCache, "memory-cache", "",
		"`SIZE` in memory for live textures (default "+defaultMemoryCache+")")
	f.StringVar(&o.DiskCache, "disk-cache", "",
		"`SIZE` on disk for live textures, for each provider, or off (default "+defaultDiskCache+"; off for a bare URL template)")
	f.StringVar(&o.Prefetch, "prefetch", "on",
		"make neighbours of live textures and the rest of their row in advance: on or off")
	f.StringVar(&o.CacheDir, "cache-dir", "",
		"`DIR` of the disk cache (default xelpack/live in the user's cache folder)")
}

// apply checks the flags and sets them in mo.
func (o liveOptions) apply(mo *mount.Options) (err error) {
	if mo.Live, err = mount.ParseLiveMode(o.Live); err != nil {
		return usageErrorf("--live: %w", err)
	}
	if o.Deadline <= 0 {
		return usageErrorf("--deadline %v: must be positive", o.Deadline)
	}
	if o.Workers < 0 {
		return usageErrorf("--live-workers %d: must not be negative", o.Workers)
	}
	if o.Prefetch != "on" && o.Prefetch != "off" {
		return usageErrorf("unknown --prefetch %q (want on or off)", o.Prefetch)
	}
	mo.Deadline, mo.LiveWorkers, mo.Prefetch = o.Deadline, o.Workers, o.Prefetch == "on"
	if mo.MemoryCache, err = units.ParseBytes(
		cmp.Or(o.MemoryCache, defaultMemoryCache)); err != nil {
		return usageErrorf("--memory-cache: %w", err)
	}
	return nil
}

// diskBytes returns the size of the disk cache; 0: none.
func (o liveOptions) diskBytes() (int64, error) {
	if o.DiskCache == noDiskCache {
		return 0, nil
	}
	return units.ParseBytes(cmp.Or(o.DiskCache, defaultDiskCache))
}
