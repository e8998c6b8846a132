package main

import (
	"cmp"
	"time"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/pkg/mount"
)

// liveOptions are the flags about textures that are made when they are opened.
type liveOptions struct {
	Live        string
	Deadline    time.Duration
	Workers     int
	MemoryCache string
}

// defaultMemoryCache is what made textures may take in memory.
const defaultMemoryCache = "2GB"

func (o *liveOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.Live, "live", "scenery", "which missing textures are made when opened: off, scenery or any")
	f.DurationVar(&o.Deadline, "deadline", 20*time.Second, "how long an open waits for a live texture before a stand-in answers")
	f.IntVar(&o.Workers, "live-workers", 0, "live textures made at once (default one a processor, at least 2)")
	f.StringVar(&o.MemoryCache, "memory-cache", "", "`SIZE` in memory for live textures (default "+defaultMemoryCache+")")
}

// apply checks the flags and puts them into mo.
func (o liveOptions) apply(mo *mount.Options) (err error) {
	if mo.Live, err = mount.ParseLiveMode(o.Live); err != nil {
		return usageErrorf("--live: %w", err)
	}
	if o.Deadline <= 0 {
		return usageErrorf("--deadline %v: want more than nothing, such as 20s", o.Deadline)
	}
	if o.Workers < 0 {
		return usageErrorf("--live-workers %d: want 1 or more, or 0 for one a processor", o.Workers)
	}
	mo.Deadline, mo.LiveWorkers = o.Deadline, o.Workers
	if mo.MemoryCache, err = parseBytes(cmp.Or(o.MemoryCache, defaultMemoryCache)); err != nil {
		return usageErrorf("--memory-cache: %w", err)
	}
	return nil
}
