package scenery

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// The folders of a package. Case is ignored on disk, as X-Plane does.
const (
	terrainFolder  = "terrain"
	texturesFolder = "textures"
	dsfFolder      = "Earth nav data"
	terExtension   = ".ter"
)

// ErrNoTerrain means that a folder is not a scenery package: it has no terrain folder with .ter
// files.
var ErrNoTerrain = errors.New(
	`no terrain folder with .ter files (give the scenery package's own folder, the one that contains "Earth nav data" and "terrain")`)

// Named is a ground texture that the package's terrain names.
type Named struct {
	tiles.Texture
	// name in textures/ as the scenery spells it, with extension: what X-Plane will open
	File string
	Real bool // textures/ holds a file of that name, in any case
	// sea terrain takes its transparency from this texture's alpha: it must be BC3 with the water
	// mask imprinted
	Mask bool
}

// Kind is a kind of problem.
type Kind string

// The kinds of problems, worded to follow "3 with".
const (
	NotDDS     Kind = "a texture that is not a .dds file"
	Elsewhere  Kind = "a texture outside of the package's textures folder"
	Unreadable Kind = "a terrain file that cannot be read"
	Unfollowed Kind = "folders that are not followed"
	BadMesh    Kind = "a mesh that cannot be read"
)

// Problem is terrain that was skipped, and why.
type Problem struct {
	File string // relative to the package, with slashes: "terrain/a.ter"
	What string
	Kind Kind
}

// String returns the problem as "terrain/a.ter: what is wrong".
func (p Problem) String() string { return p.File + ": " + p.What }

// Package holds the textures that a scenery package's terrain names. Open reads it once. It does
// not change afterwards and is safe for concurrent use.
type Package struct {
	dir      string
	named    []Named // sorted by Texture.Compare
	terrains int
	problems []Problem
	skipped  map[Kind]int
	cached   bool
	cacheErr error
}

// Dir returns the folder passed to Open.
func (p *Package) Dir() string { return p.dir }

// Textures returns the textures that the terrain names, each once, sorted by Texture.Compare. The
// slice is shared: it must not be changed.
func (p *Package) Textures() []Named { return p.named }

// Lookup returns the texture of key k, if the terrain names it.
func (p *Package) Lookup(k tiles.Key) (Named, bool) {
	square := tiles.Texture{ZL: k.ZL, Row: k.Row, Col: k.Col}
	i, _ := slices.BinarySearchFunc(p.named, square,
		func(n Named, t tiles.Texture) int { return n.Texture.Compare(t) })
	for ; i < len(p.named); i++ {
		n := p.named[i]
		if n.ZL != k.ZL || n.Row != k.Row || n.Col != k.Col {
			break
		}
		if n.Key() == k {
			return n, true
		}
	}
	return Named{}, false
}

// Terrains returns how many terrain files were read, including those that name no ortho imagery.
func (p *Package) Terrains() int { return p.terrains }

// Skipped returns the terrain that could not be used, sorted by file. At most MaxProblems are kept,
// plus the first of every kind; SkippedCount counts all. The slice is shared: it must not be
// changed.
func (p *Package) Skipped() []Problem { return p.problems }

// Cached reports whether the package came from the cache, so that no terrain file was read.
func (p *Package) Cached() bool { return p.cached }

// CacheError returns why the package could not be saved in the cache that was asked for, or nil.
func (p *Package) CacheError() error { return p.cacheErr }

// SkippedCount returns how many terrain files and folders could not be used.
func (p *Package) SkippedCount() int {
	n := 0
	for _, count := range p.skipped {
		n += count
	}
	return n
}

// SkippedText counts the problems of each kind, with one example: "3 with a texture that is not a
// .dds file (terrain/a.ter: …); 1 with …".
func (p *Package) SkippedText() string {
	var kinds []string
	for _, kind := range [...]Kind{NotDDS, Elsewhere, Unreadable, Unfollowed, BadMesh} {
		of := func(problem Problem) bool { return problem.Kind == kind }
		if i := slices.IndexFunc(p.problems, of); i >= 0 {
			kinds = append(kinds, fmt.Sprintf("%d with %s (%s)", p.skipped[kind], kind,
				p.problems[i]))
		}
	}
	return strings.Join(kinds, "; ")
}

// folders holds the folders of a package as spelled on disk; "" if absent.
type folders struct {
	root, terrain, textures, dsf string
}

// findFolders finds the folders in dir, which must have terrain.
func findFolders(dir string) (folders, error) {
	f, err := listFolders(dir)
	if err == nil && f.terrain == "" {
		err = fmt.Errorf("%s: %w", dir, ErrNoTerrain)
	}
	return f, err
}

// listFolders finds the package's folders in dir.
func listFolders(dir string) (folders, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return folders{}, fmt.Errorf("open scenery package: %w", err)
	}
	f := folders{root: dir}
	for _, e := range entries {
		for want, path := range map[string]*string{terrainFolder: &f.terrain,
			texturesFolder: &f.textures, dsfFolder: &f.dsf} {
			// The exact spelling wins if a file system has two.
			if e.Name() == want || *path == "" && strings.EqualFold(e.Name(), want) {
				*path = filepath.Join(dir, e.Name())
			}
		}
	}
	return f, nil
}

// compareKey orders textures like Texture.Compare, but ignores the case of the maptype, so that
// equal keys are neighbours.
func compareKey(a, b Named) int {
	if c := cmp.Or(cmp.Compare(a.ZL, b.ZL), cmp.Compare(a.Row, b.Row),
		cmp.Compare(a.Col, b.Col)); c != 0 || a.Maptype == b.Maptype {
		return c
	}
	return cmp.Compare(strings.ToLower(a.Maptype), strings.ToLower(b.Maptype))
}
