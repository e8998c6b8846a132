package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/serve"
)

// registerLive registers the flags about live textures.
func registerLive(f *pflag.FlagSet, o *serve.LiveOptions) {
	f.StringVar(&o.Live, "live", "scenery",
		"which missing textures are made when they are opened: off, scenery or any")
	f.DurationVar(&o.Deadline, "deadline", 20*time.Second,
		"how long an open waits for a live texture before a stand-in is served")
	f.IntVar(&o.Workers, "live-workers", 0,
		"live textures made at once (default one per processor, at least 2)")
	f.StringVar(&o.MemoryCache, "memory-cache", "",
		"`SIZE` in memory for live textures (default "+serve.DefaultMemoryCache+")")
	f.StringVar(&o.DiskCache, "disk-cache", "",
		"`SIZE` on disk for live textures, for each provider, or off (default "+serve.DefaultDiskCache+"; off for a bare URL template)")
	f.StringVar(&o.Prefetch, "prefetch", "on",
		"make neighbours of live textures and the rest of their row in advance: on or off")
	f.StringVar(&o.CacheDir, "cache-dir", "",
		"`DIR` of the disk cache (default xelpack/live in the user's cache folder)")
}
