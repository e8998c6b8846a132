// Package inode numbers what a mount serves.
//
// Inode numbers have 63 bits, in three classes told apart by their top bits, so that they never
// collide:
//
//	1 zl:5 row/16:18 col/16:18 maptype:21    a texture, archived or live
//	01 hash of the path:61                   a directory
//	00 hash of device and inode:61           a real file
//
// A texture's number follows from its key alone, so it is the same from one mount to the next.
// Maptypes are hashed; if two collide (one chance in two million) the second takes the next free
// number, in alphabetical order for those of archives.
//
// Within the mount a real file is identified by its number and a hash of its path together, so that
// neither a hard link nor an inode number that the disk reused can lead to another name's file.
package inode

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	texture = 1 << 62
	dir     = 1 << 61
	hash    = dir - 1

	maptypeBits = 21
)

// fnv continues FNV-1a over s.
func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

const fnvSeed = 14695981039346656037

// mix is the finaliser of MurmurHash3: every bit of the result depends on every bit of h.
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Hash returns the hash of a path.
func Hash(path string) uint64 { return mix(fnv(fnvSeed, path)) }

// Dir returns the number of a directory.
func Dir(path string) uint64 { return dir | Hash(path)&hash }

// Real returns the number of a real file. It avoids 0 and 1, which mean "none" and the root.
func Real(dev, ino uint64) uint64 { return max(2, mix(mix(dev)+ino)&hash) }

// Numbers numbers textures. Safe for concurrent use.
type Numbers struct {
	mu    sync.Mutex
	codes map[string]uint64 // by lower-case maptype
	taken map[uint64]bool
}

// New numbers the maptypes of archives first: those numbers must not depend on later requests.
func New(maptypes iter.Seq[string]) *Numbers {
	spellings := make(map[string]bool)
	for m := range maptypes {
		spellings[m] = true
	}
	folded := make([]string, 0, len(spellings))
	for s := range spellings {
		folded = append(folded, strings.ToLower(s))
	}
	slices.Sort(folded)
	in := &Numbers{codes: make(map[string]uint64), taken: make(map[uint64]bool)}
	for _, m := range folded {
		in.code(m)
	}
	return in
}

func (in *Numbers) code(maptype string) uint64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	code, ok := in.codes[maptype]
	if ok {
		return code
	}
	const mask = 1<<maptypeBits - 1
	code = Hash(maptype) & mask
	for in.taken[code] && len(in.taken) < mask {
		code = (code + 1) & mask
	}
	in.codes[maptype], in.taken[code] = code, true
	return code
}

// Texture returns k's inode number.
func (in *Numbers) Texture(k tiles.Key) uint64 {
	return texture | uint64(k.ZL)<<57 | uint64(k.Row/tiles.TextureChunks)<<39 |
		uint64(k.Col/tiles.TextureChunks)<<maptypeBits | in.code(k.Maptype)
}
