package mount

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/xelpack/xelpack/pkg/mount/internal/inode"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/distant"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// tree is what a mount shows: names, and what stands under them. It knows of no system's calls; a
// driver shows it to programs.
type tree struct {
	scenery  []string // real paths
	prefer   bool     // archived textures come before real ones
	log      *slog.Logger
	observer Observer        // may be nil
	ctx      context.Context // of reads; never cancelled

	shelf        *shelf
	inodes       *inode.Numbers // the shelf's
	live         *live
	far          *distant.Textures
	realTextures realTextures
	look         func(tiles.Texture) *dds.Recolouring // nil: none
	damaged      keySet                               // textures whose archive could not be read
	counts       counters
}

// driver shows a tree to the programs of a system.
type driver interface {
	// serve returns when the mount is gone and nothing of it is open.
	serve()
	// appeared says which textures exist by now that programs were told do not.
	appeared(names []string)
}

const (
	// announced is for how long a driver may remember a texture's name and attributes: they never
	// change.
	announced = 24 * time.Hour
	// sceneryTimeout is for how long it may remember what it found, or did not find, in a scenery
	// directory.
	sceneryTimeout = 5 * time.Second
	// fixedTime is the modification time of every texture: 2000-01-01 UTC.
	fixedTime = 946684800

	blockSize = 4096
)

// texturesName is the root's folder of textures. It exists whether or not a scenery directory has
// it.
const texturesName = "textures"

// kind is what stands under a name.
type kind uint8

const (
	isFolder   kind = iota
	isReal          // a file or link of a scenery directory
	isArchived      // a texture of an archive
	isLive          // a texture that is made when it is opened
)

// found is what stands under a name.
type found struct {
	kind kind
	ino  uint64
	gen  uint64        // with ino, what tells it from others of that name
	keep time.Duration // for how long the name leads here, or nowhere; 0 is as the driver likes

	path string      // of a folder: below the roots, "" for the root; of a real file: on the disk
	info fs.FileInfo // of the disk; nil of what exists in no directory of it

	texture tiles.Texture
	size    int64 // of a texture
	from    shelved
	entry   mbtiles.Entry
}

// under returns the path of a name in a folder.
func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// lookup finds what stands under a name in the folder at path. It never waits: a live texture is
// announced before it is made.
func (t *tree) lookup(path, name string) (found, syscall.Errno) {
	if path == "" && name == texturesName {
		x, _ := t.folder(texturesName) // cannot fail: the folder always exists
		return x, 0
	}
	texture, ok := parseFile(name)
	if path != texturesName || !ok {
		return t.lookupReal(path, name)
	}
	k := texture.Key()
	a, entry, archived := t.shelf.find(k)
	if archived && t.prefer {
		return t.archived(a, entry), 0
	}
	x, errno := t.lookupReal(path, name)
	if errno == 0 {
		return x, 0
	}
	if spelled, ok := t.realTextures.find(t, k); ok && spelled != name {
		if x, errno := t.lookupReal(path, spelled); errno == 0 {
			return x, 0
		}
	}
	if archived {
		return t.archived(a, entry), 0
	}
	if t.live.wanted(k) {
		size := LiveLayout().Size()
		t.shelf.announce(k, size)
		return found{kind: isLive, ino: t.inodes.Texture(k), gen: t.live.generation(k),
			keep:    announced,
			texture: texture, size: size}, 0
	}
	if !t.shelf.miss(name) {
		x.keep = sceneryTimeout
	}
	// SetArchives may have run between the first look-up and the note of the miss.
	if a, entry, ok := t.shelf.find(k); ok {
		return t.archived(a, entry), 0
	}
	return x, errno
}

func (t *tree) archived(a shelved, e mbtiles.Entry) found {
	k, size := e.Texture.Key(), e.Layout.Size()
	t.shelf.announce(k, size)
	gen := a.generation
	if _, ok := a.distant(); ok {
		gen += t.far.Identity(a.generation, k) * distantGeneration
	}
	return found{kind: isArchived, ino: t.inodes.Texture(k), gen: gen, keep: announced,
		texture: e.Texture, size: size, from: a, entry: e}
}

// lookupReal looks name up in the scenery directories; the first that has it answers. Links are not
// followed.
func (t *tree) lookupReal(path, name string) (found, syscall.Errno) {
	path = under(path, name)
	errno := syscall.ENOENT
	for _, root := range t.scenery {
		full := root + "/" + path
		info, err := os.Lstat(full)
		switch {
		case err == nil && info.IsDir():
			return t.folder(path)
		case err == nil:
			ino, gen := identity(full, info)
			return found{kind: isReal, ino: ino, gen: gen, keep: sceneryTimeout, path: full,
				info: info}, 0
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		default: // reported only if no other root has it
			errno = errnoOf(err)
		}
	}
	return found{}, errno
}

// folder returns the directory at path, with the attributes of the first scenery directory that has
// it. The root and textures exist in any case.
func (t *tree) folder(path string) (found, syscall.Errno) {
	x := found{kind: isFolder, ino: inode.Dir(path), keep: sceneryTimeout, path: path}
	for _, root := range t.scenery {
		// Links are followed here: the roots may be links, and so may textures.
		if info, err := os.Stat(root + "/" + path); err == nil && info.IsDir() {
			x.info = info
			return x, 0
		}
	}
	if path != "" && path != texturesName {
		return found{}, syscall.ENOENT
	}
	x.keep = 0
	return x, 0
}

// errnoOf returns what a driver answers for an error of the disk.
func errnoOf(err error) syscall.Errno {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return syscall.EIO
}

// entry is a name in a listing.
type entry struct {
	name string
	mode uint32 // the type, as in stat(2)
	ino  uint64
}

// list lists the folder at path. Files are not stat-ed: the directory entries carry the types.
func (t *tree) list(path string) iter.Seq2[entry, error] {
	if path == texturesName {
		return t.listTextures
	}
	return func(yield func(entry, error) bool) {
		textures := path == ""
		for e, err := range t.listReal(path) {
			textures = textures && e.name != texturesName
			if err == nil && path == "" && e.name == texturesName {
				e.mode = syscall.S_IFDIR // even when it is a link
			}
			if !yield(e, err) {
				return
			}
		}
		if textures {
			yield(entry{texturesName, syscall.S_IFDIR, inode.Dir(texturesName)}, nil)
		}
	}
}

// listReal lists what the scenery directories hold at path, each name once.
func (t *tree) listReal(path string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		for _, name := range []string{".", ".."} {
			if !yield(entry{name, syscall.S_IFDIR, inode.Dir(path)}, nil) {
				return
			}
		}
		seen := make(map[string]bool)
		for i, root := range t.scenery {
			for e, err := range listDir(root + "/" + path) {
				if err == nil && (seen[e.name] || e.name == "." || e.name == "..") {
					continue
				}
				// a million names are remembered only if another root follows
				if i < len(t.scenery)-1 {
					seen[e.name] = true
				}
				if e.mode == syscall.S_IFDIR {
					e.ino = inode.Dir(under(path, e.name))
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// listTextures lists the real files, then the archived textures that no real file and no earlier
// archive holds; if archives come first, real files that they hold are left out instead.
func (t *tree) listTextures(yield func(entry, error) bool) {
	real := make(map[tiles.Key]bool)
	for e, err := range t.listReal(texturesName) {
		if x, ok := parseFile(e.name); ok {
			if t.prefer && heldBy(t.shelf.list(), x.Key()) {
				continue
			}
			real[x.Key()] = true
		}
		if !yield(e, err) {
			return
		}
	}
	archives := t.shelf.list()
	for i, a := range archives {
		if a.retired {
			break
		}
		for e := range a.All() {
			k := e.Texture.Key()
			if real[k] || heldBy(archives[:i], k) {
				continue
			}
			if !yield(entry{e.Texture.File(), syscall.S_IFREG, t.inodes.Texture(k)}, nil) {
				return
			}
		}
	}
}

// heldBy reports whether an archive has k, in any size.
func heldBy(archives []shelved, k tiles.Key) bool {
	_, _, ok := findIn(archives, k, 0, false)
	return ok
}

// realTextures knows how the real files of textures/ are spelled, so that another spelling finds
// them too. It lists the folders on the first look-up of a texture that does not exist as spelled,
// and again after a folder has changed.
type realTextures struct {
	once sync.Once  // the first listing, which everyone waits for
	busy sync.Mutex // held while listing again; others use the old listing

	mu     sync.Mutex
	names  map[tiles.Key]string
	listed []time.Time // modification times of the folders, as of the listing
}

// find returns the spelling of k's real file.
func (r *realTextures) find(t *tree, k tiles.Key) (name string, ok bool) {
	if len(t.scenery) == 0 {
		return "", false
	}
	r.once.Do(func() { r.list(t) })
	if r.stale(t) && r.busy.TryLock() {
		r.list(t)
		r.busy.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name, ok = r.names[k]
	return name, ok
}

func changed(t *tree) []time.Time {
	times := make([]time.Time, len(t.scenery))
	for i, root := range t.scenery {
		if info, err := os.Stat(root + "/" + texturesName); err == nil {
			times[i] = info.ModTime()
		}
	}
	return times
}

func (r *realTextures) stale(t *tree) bool {
	times := changed(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range times {
		if !times[i].Equal(r.listed[i]) {
			return true
		}
	}
	return false
}

func (r *realTextures) list(t *tree) {
	listed := changed(t) // before the listing: files added during it are found by the next one
	names := make(map[tiles.Key]string)
	for _, root := range t.scenery {
		for e, err := range listDir(root + "/" + texturesName) {
			if err != nil {
				t.log.Warn("real textures cannot be listed; only their exact names are found",
					"scenery", root, "error", err)
				break
			}
			if x, ok := parseFile(e.name); ok {
				if k := x.Key(); names[k] == "" {
					names[k] = e.name
				}
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names, r.listed = names, listed
}
