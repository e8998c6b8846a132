package mount

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"time"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Archive is what a mount needs of an archive; *mbtiles.Archive is one. Safe for concurrent use. It
// must stay open until Wait has returned.
type Archive interface {
	// Lookup finds a texture without I/O.
	Lookup(k tiles.Key) (mbtiles.Entry, bool)
	// All yields every texture without I/O, in the same order each time.
	All() iter.Seq[mbtiles.Entry]
	Len() int
	// ReadAt reads from the texture's DDS file: all of p, or an error that says why not.
	ReadAt(ctx context.Context, e mbtiles.Entry, p []byte, off int64) (int, error)
}

var _ Archive = (*mbtiles.Archive)(nil)

// Generator makes textures that no archive holds. Safe for concurrent use; it is called for at most
// Options.LiveWorkers at once, never twice at once for one texture that somebody still waits for.
type Generator interface {
	// Texture makes t. An error is answered with a stand-in. The context ends when nobody waits any
	// more, after Options.GenerateTimeout, or with the mount.
	Texture(ctx context.Context, t tiles.Texture) (Made, error)
}

// Made is a texture and the tally of the chunks that it was made of.
type Made struct {
	// File is a whole DDS file of LiveLayout, which the mount then owns.
	File []byte
	// Chunks is how many; of these the rest were enlarged from a lower zoom level, without imagery
	// at the provider, or not to be had. A file with any Failed has holes: it is served, but asked
	// for again after a minute.
	Chunks, Overzoomed, Missing, Failed int
}

// LiveLayout is what every live texture looks like: its size is announced before it is made.
func LiveLayout() dds.Layout { return dds.Layout{Format: dds.BC1, Side: dds.MaxSide} }

// LiveMode says which textures are made when they are opened.
type LiveMode uint8

const (
	LiveOff     LiveMode = iota // none
	LiveScenery                 // those Options.Wanted says yes to
	LiveAny                     // any that has a valid name
)

var liveModes = [...]string{LiveOff: "off", LiveScenery: "scenery", LiveAny: "any"}

// ParseLiveMode reads "off", "scenery" or "any".
func ParseLiveMode(s string) (LiveMode, error) {
	for mode, name := range liveModes {
		if s == name {
			return LiveMode(mode), nil
		}
	}
	return LiveOff, fmt.Errorf("unknown live mode %q (want off, scenery or any)", s)
}

// String returns what ParseLiveMode reads.
func (m LiveMode) String() string {
	if int(m) < len(liveModes) {
		return liveModes[m]
	}
	return fmt.Sprintf("LiveMode(%d)", uint8(m))
}

// Options say what a mount shows. The zero value shows an empty textures/.
type Options struct {
	// Scenery is directories of scenery packages. Where several have a name, the first wins.
	Scenery []string
	// Archives hold textures. Where several hold one, the first wins.
	Archives []Archive
	// PreferArchive puts archived textures before real files of the same texture. Default: the real
	// file wins.
	PreferArchive bool
	// Files are the paths behind Archives (or anything else) that the mountpoint must not cover.
	Files []string

	Live      LiveMode               // default LiveOff
	Wanted    func(k tiles.Key) bool // what LiveScenery allows; must be fast and safe for concurrent use
	Generator Generator              // needed unless Live is LiveOff

	// Deadline is how long an open may wait for a live texture before a stand-in answers. Default
	// 20 s.
	Deadline time.Duration
	// GenerateTimeout ends the making of a texture, however many wait. Default 2 minutes.
	GenerateTimeout time.Duration
	// LiveWorkers is how many textures are made at once. It bounds memory too: 11.2 MB each.
	// Default: as many as processors, at least 2.
	LiveWorkers int
	// MemoryCache bounds the bytes of made textures that are kept. What open files hold comes on
	// top. Default 2 GiB.
	MemoryCache int64
	// Disk keeps made textures from one mount to the next. It must stay open until Wait has
	// returned; one mount has it. Default: nothing is kept.
	Disk *DiskCache

	// Prefetch makes neighbours of opened live textures, and the rest of their row or column,
	// before they are asked for, as far as workers have nothing else to do.
	Prefetch bool

	// AllowOther lets other users in; permissions of the files still count.
	AllowOther bool
	// Grace is how long Unmount waits for files to be closed before it detaches the mount, and for
	// how long after that made textures are still written to Disk. Default 3 s.
	Grace time.Duration
	// Observer hears of every request. Default: nobody does, at no cost.
	Observer Observer
	// Logger hears of every degraded answer. Default: nobody does.
	Logger *slog.Logger
}

func (o *Options) setDefaults() error {
	if o.Deadline <= 0 {
		o.Deadline = 20 * time.Second
	}
	if o.GenerateTimeout <= 0 {
		o.GenerateTimeout = 2 * time.Minute
	}
	if o.LiveWorkers <= 0 {
		o.LiveWorkers = max(2, runtime.NumCPU())
	}
	if o.MemoryCache <= 0 {
		o.MemoryCache = 2 << 30
	}
	if o.Grace <= 0 {
		o.Grace = 3 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Live > LiveAny:
		return fmt.Errorf("live mode %v is not known", o.Live)
	case o.Live != LiveOff && o.Generator == nil:
		return errors.New("live textures need a Generator")
	case o.Live == LiveScenery && o.Wanted == nil:
		return errors.New("live textures of the scenery need Wanted, the names that the scenery asks for")
	}
	return nil
}
