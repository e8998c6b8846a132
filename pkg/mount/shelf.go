package mount

import (
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/xelpack/xelpack/pkg/mount/internal/inode"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mount/internal/distant"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// shelf holds the archives that are served, which SetArchives may change under the mount, and
// remembers what the kernel was told of textures: a name that was announced keeps its size,
// whatever comes later.
type shelf struct {
	inodes   *inode.Numbers
	archives atomic.Pointer[[]shelved]
	change   sync.Mutex // held while archives are changed

	mu       sync.Mutex
	promised map[uint64]uint32 // sizes by inode number
	missed   map[string]bool   // texture names that were not found, as the kernel remembers
}

// shelved is an archive of the shelf.
type shelved struct {
	Archive
	// generation is the kernel's identity of its textures: the same name in another archive must be
	// another file to the page cache. Live textures have smaller numbers.
	generation uint64
	retired    bool // replaced: it serves only what was announced from it
}

// distant returns the archive if it is on a web server.
func (a shelved) distant() (distant.Archive, bool) {
	d, ok := a.Archive.(distant.Archive)
	return d, ok && d.Remote()
}

// archiveGeneration is the least generation of an archive.
const archiveGeneration = 1 << 32

// distantGeneration is by how much the identities of a distant texture differ.
const distantGeneration = 1 << 40

// maxMissed is how many missed names are tracked; beyond it the kernel remembers a miss for
// sceneryTimeout only.
const maxMissed = 1 << 16

func newShelf(archives []Archive) *shelf {
	s := &shelf{inodes: inode.New(maptypes(archives)), promised: make(map[uint64]uint32),
		missed: make(map[string]bool)}
	list := arrange(nil, archives)
	s.archives.Store(&list)
	return s
}

// maptypes yields those of every texture.
func maptypes(archives []Archive) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, a := range archives {
			for e := range a.All() {
				if !yield(e.Texture.Maptype) {
					return
				}
			}
		}
	}
}

// list returns the archives in their order, retired ones last. The list must not be changed.
func (s *shelf) list() []shelved { return *s.archives.Load() }

// find returns the first archive that has k in its announced size, or in any size if none was
// announced.
func (s *shelf) find(k tiles.Key) (shelved, mbtiles.Entry, bool) {
	size, told := s.promise(k)
	return findIn(s.list(), k, size, told)
}

func findIn(list []shelved, k tiles.Key, size int64, told bool) (shelved, mbtiles.Entry, bool) {
	for _, a := range list {
		if a.retired && !told {
			continue
		}
		if e, ok := a.Lookup(k); ok && (!told || e.Layout.Size() == size) {
			return a, e, true
		}
	}
	return shelved{}, mbtiles.Entry{}, false
}

// promise returns the size that k was announced with.
func (s *shelf) promise(k tiles.Key) (size int64, told bool) {
	ino := s.inodes.Texture(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	n, told := s.promised[ino]
	return int64(n), told
}

// announce remembers the size that k is announced with.
func (s *shelf) announce(k tiles.Key, size int64) {
	ino := s.inodes.Texture(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promised[ino] = uint32(size)
}

// miss remembers that the kernel is told that a texture does not exist, and reports whether that
// can be taken back.
func (s *shelf) miss(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.missed) >= maxMissed && !s.missed[name] {
		return false
	}
	s.missed[name] = true
	return true
}

// found returns, and forgets, the missed names that an archive has now.
func (s *shelf) found(list []shelved) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.missed {
		t, _ := parseFile(name)
		if _, _, ok := findIn(list, t.Key(), 0, false); ok {
			names = append(names, name)
			delete(s.missed, name)
		}
	}
	return names
}

// Change says what a change of archives did to the textures.
type Change struct {
	New      int // textures that no archive had
	Replaced int // served from a different archive than before
	Kept     int // announced with another size: the new ones appear with the next mount
}

// arrange returns archives in their order, followed by those of before that are not among them.
func arrange(before []shelved, archives []Archive) []shelved {
	next := uint64(archiveGeneration)
	for _, a := range before {
		next = max(next, a.generation+1)
	}
	after := make([]shelved, 0, len(archives))
	for _, a := range archives {
		i := slices.IndexFunc(before, func(old shelved) bool { return old.Archive == a })
		if i >= 0 {
			after = append(after, shelved{Archive: a, generation: before[i].generation})
			continue
		}
		after = append(after, shelved{Archive: a, generation: next})
		next++
	}
	for _, old := range before {
		if !slices.Contains(archives, old.Archive) {
			old.retired = true
			after = append(after, old)
		}
	}
	return after
}

// compare counts the changes for the textures of the archives in after, each texture once.
func (s *shelf) compare(before, after []shelved) (c Change) {
	for i, a := range after {
		if a.retired {
			break
		}
		for e := range a.All() {
			k := e.Texture.Key()
			if _, _, ok := findIn(after[:i], k, 0, false); ok {
				continue
			}
			size, told := s.promise(k)
			old, _, had := findIn(before, k, size, told)
			now, _, has := findIn(after, k, size, told)
			switch {
			case told && e.Layout.Size() != size:
				c.Kept++
			case !had:
				c.New++
			case has && now.Archive != old.Archive:
				c.Replaced++
			}
		}
	}
	return c
}
