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

// Archive is what a mount needs of an archive; *mbtiles.Archive implements it. Safe for concurrent
// use. It must stay open until Wait has returned.
type Archive interface {
	// Lookup finds a texture without I/O.
	Lookup(k tiles.Key) (mbtiles.Entry, bool)
	// All yields every texture without I/O, in the same order each time.
	All() iter.Seq[mbtiles.Entry]
	Len() int
	// ReadAt reads from the texture's DDS file. It fills p or returns an error.
	ReadAt(ctx context.Context, e mbtiles.Entry, p []byte, off int64) (int, error)
}

var _ Archive = (*mbtiles.Archive)(nil)

// Generator makes textures that no archive holds. Safe for concurrent use. At most
// Options.LiveWorkers calls run at once, and never two at once for a texture that is still waited
// for.
type Generator interface {
	// Texture makes t. After an error a stand-in is served. The context ends when nobody waits any
	// more, after Options.GenerateTimeout, or with the mount.
	Texture(ctx context.Context, t tiles.Texture) (Made, error)
}

// Made is a texture with counts of the chunks it was made of.
type Made struct {
	// File is a whole DDS file of LiveLayout. The mount takes ownership of it.
	File []byte
	// Chunks is the number of chunks. Overzoomed were enlarged from a lower zoom level, Missing
	// have no imagery at the provider, Failed could not be fetched. A file with any Failed has
	// holes: it is served, but made again after a minute.
	Chunks, Overzoomed, Missing, Failed int
}

// LiveLayout is the layout of every live texture: its size is announced before it is made.
func LiveLayout() dds.Layout { return dds.Layout{Format: dds.BC1, Side: dds.MaxSide} }

// LiveMode says which textures are made when they are opened.
type LiveMode uint8

const (
	LiveOff     LiveMode = iota // none
	LiveScenery                 // those that Options.Wanted accepts
	LiveAny                     // any with a valid name
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
	// Archives hold textures. If several hold one, the first wins.
	Archives []Archive
	// PreferArchive puts archived textures before real files of the same texture. Default: the real
	// file wins.
	PreferArchive bool
	// Look changes the colours of textures as they are read, but not of real files; nil results
	// stay as they are. It must give a texture the same result each time. Default: none.
	Look func(t tiles.Texture) *dds.Recolouring
	// Files are the paths behind Archives (or anything else) that the mountpoint must not cover.
	Files []string

	Live LiveMode // default LiveOff
	// accepts textures for LiveScenery; fast, safe for concurrent use
	Wanted    func(k tiles.Key) bool
	Generator Generator // required unless Live is LiveOff

	// Deadline is how long programs wait for a live texture, or one of an archive on a web server,
	// before a stand-in is served. Default 20 s.
	Deadline time.Duration
	// GenerateTimeout limits the making or fetching of a texture, however many wait for it. Default
	// 2 minutes.
	GenerateTimeout time.Duration
	// LiveWorkers is how many textures are made at once. It bounds memory too: 11.2 MB each.
	// Default: the number of processors, at least 2.
	LiveWorkers int
	// MemoryCache bounds the bytes of made textures kept in memory. Contents of open files come on
	// top. Default 2 GiB.
	MemoryCache int64
	// Disk keeps made textures from one mount to the next. It must stay open until Wait has
	// returned, and serves one mount only. Default: no disk cache.
	Disk *DiskCache

	// Prefetch makes the neighbours of opened live textures, and the rest of their row or column,
	// before they are asked for, while workers are idle.
	Prefetch bool

	// AllowOther lets other users in; file permissions still apply.
	AllowOther bool
	// Grace is how long Unmount waits for files to be closed before it detaches the mount, and how
	// long after that made textures are still written to Disk. Default 3 s.
	Grace time.Duration
	// Observer is told of every request. Default: none, at no cost.
	Observer Observer
	// Logger receives every degraded answer. Default: none.
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
		return fmt.Errorf("unknown live mode %v", o.Live)
	case o.Live != LiveOff && o.Generator == nil:
		return errors.New("no Generator for live textures")
	case o.Live == LiveScenery && o.Wanted == nil:
		return errors.New("live mode scenery needs Wanted, the names that the terrain asks for")
	}
	return nil
}
