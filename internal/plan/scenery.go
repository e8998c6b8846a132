package plan

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// OpenScenery reads the packages in dirs, or the terrain of some of their cells, and notes the
// terrain that could not be used.
func OpenScenery(ctx context.Context, dirs []string, cells func(scenery.Cell) bool,
	note func(string)) ([]*scenery.Package, error) {
	cache, err := scenery.CacheDir()
	if err != nil {
		cache = "" // no home: the terrain is read every time
	}
	var packages []*scenery.Package
	for _, dir := range dirs {
		p, err := scenery.OpenWith(ctx, dir, scenery.Options{Cache: cache, Cells: cells})
		if err != nil {
			return nil, fmt.Errorf("--scenery: %w", err)
		}
		packages = append(packages, p)
	}
	tell(note, skippedNotes(dirs, packages))
	return packages, nil
}

// Spelling returns a function that finds how the terrain of packages spells a texture's file.
func Spelling(packages ...*scenery.Package) func(tiles.Key) (file string, ok bool) {
	return func(k tiles.Key) (string, bool) {
		for _, p := range packages {
			if named, ok := p.Lookup(k); ok {
				return named.File, true
			}
		}
		return "", false
	}
}

// tell calls note with each of notes.
func tell(note func(string), notes []string) {
	for _, text := range notes {
		note(text)
	}
}

// skippedNotes describes the terrain of the packages in dirs that could not be used.
func skippedNotes(dirs []string, packages []*scenery.Package) (notes []string) {
	for i, p := range packages {
		if n := p.SkippedCount(); n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %s skipped: %s", filepath.Base(dirs[i]),
				units.Plural(n, "terrain file"), p.SkippedText()))
		}
	}
	return notes
}

// Named yields the textures that scenery packages name or, without packages, those of archives.
func Named(packages []*scenery.Package, archives []*mbtiles.Archive) iter.Seq[tiles.Texture] {
	return func(yield func(tiles.Texture) bool) {
		for _, p := range packages {
			for _, t := range p.Textures() {
				if !yield(t.Texture) {
					return
				}
			}
		}
		if len(packages) > 0 {
			return
		}
		for _, a := range archives {
			for e := range a.All() {
				if !yield(e.Texture) {
					return
				}
			}
		}
	}
}
