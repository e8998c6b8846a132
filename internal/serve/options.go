package serve

import (
	"cmp"
	"time"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mount"
)

// LiveOptions are what a user says about live textures, as flags. Package mount has what they mean.
type LiveOptions struct {
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
	DefaultMemoryCache = "2GB"
	DefaultDiskCache   = "20GB"
	noDiskCache        = "off"
)

// Apply checks the options and sets them in mo.
func (o LiveOptions) Apply(mo *mount.Options) (err error) {
	if mo.Live, err = mount.ParseLiveMode(o.Live); err != nil {
		return usage.Errorf("--live: %w", err)
	}
	if o.Deadline <= 0 {
		return usage.Errorf("--deadline %v: must be positive", o.Deadline)
	}
	if o.Workers < 0 {
		return usage.Errorf("--live-workers %d: must not be negative", o.Workers)
	}
	if o.Prefetch != "on" && o.Prefetch != "off" {
		return usage.Errorf("unknown --prefetch %q (want on or off)", o.Prefetch)
	}
	mo.Deadline, mo.LiveWorkers, mo.Prefetch = o.Deadline, o.Workers, o.Prefetch == "on"
	if mo.MemoryCache, err = units.ParseBytes(
		cmp.Or(o.MemoryCache, DefaultMemoryCache)); err != nil {
		return usage.Errorf("--memory-cache: %w", err)
	}
	return nil
}

// DiskBytes returns the size of the disk cache; 0: none.
func (o LiveOptions) DiskBytes() (int64, error) {
	if o.DiskCache == noDiskCache {
		return 0, nil
	}
	n, err := units.ParseBytes(cmp.Or(o.DiskCache, DefaultDiskCache))
	if err != nil {
		return 0, usage.Errorf("--disk-cache: %w, or off", err)
	}
	return n, nil
}
