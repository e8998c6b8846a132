package mosaic

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/textfile"
)

// ErrFile is wrapped by every error about a file that describes a mosaic.
var ErrFile = providers.ErrFile

// Finder finds providers and mosaics.
type Finder struct {
	catalogue *providers.Catalogue
	file      string                // mosaics.toml
	own       map[string]tomlMosaic // by id
}

// Load reads dir/mosaics.toml, if it exists.
func Load(catalogue *providers.Catalogue, dir string) (*Finder, error) {
	f := &Finder{catalogue: catalogue, file: filepath.Join(dir, "mosaics.toml"),
		own: map[string]tomlMosaic{}}
	text, err := textfile.Read(f.file, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, f.file, err)
	}
	if err := f.parse(text); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, f.file, err)
	}
	return f, nil
}

// None returns a Finder without mosaics of the user.
func None(catalogue *providers.Catalogue) *Finder {
	return &Finder{catalogue: catalogue, own: map[string]tomlMosaic{}}
}

// maxFile bounds the size of a file that describes a mosaic.
const maxFile = 16 << 20

// Mosaics returns the mosaics of mosaics.toml and the built-in one. Those that cannot be used are
// noted.
func (f *Finder) Mosaics(note func(string)) (list []providers.Provider) {
	for _, id := range append(f.Own(), OpenID) {
		p, err := f.Lookup(id)
		if err != nil {
			note("refused: " + err.Error())
			continue
		}
		list = append(list, p)
	}
	return list
}

// Catalogue returns the providers that mosaics are made of.
func (f *Finder) Catalogue() *providers.Catalogue { return f.catalogue }

// Own returns the ids of the mosaics in mosaics.toml.
func (f *Finder) Own() []string { return slices.Sorted(maps.Keys(f.own)) }

// Lookup finds providers, like the catalogue's Lookup, and mosaics: "open", one of mosaics.toml by
// its id, FILE.comb of Ortho4XP, FILE.json of AutoOrtho, and "a+b": each of a and b for textures of
// its own maptypes.
func (f *Finder) Lookup(name string) (providers.Provider, error) { return f.lookup(name, nil) }

// lookup is Lookup for a layer of the mosaics named in within.
func (f *Finder) lookup(name string, within []string) (providers.Provider, error) {
	id := strings.ToLower(name)
	own, isOwn := f.own[id]
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case isOwn:
		p, err := f.mosaic(own, within)
		if err != nil && len(within) > 0 { // of the same file
			return p, fmt.Errorf("mosaic %s: %w", id, err)
		}
		if err != nil {
			return p, fmt.Errorf("%w: %s: mosaic %s: %w", ErrFile, f.file, id, err)
		}
		return p, nil
	case id == OpenID:
		return f.open()
	case strings.Contains(name, "://"):
	case ext == ".comb":
		return inFile(name, f.comb)
	case ext == ".json":
		return inFile(name, f.painted)
	case strings.Contains(name, "+"):
		if parts, ok := f.each(strings.Split(name, "+")); ok {
			return ByMaptype(parts)
		}
	}
	return f.catalogue.Lookup(name)
}

// each finds all the providers of names, or returns the error of the first that is unknown.
func (f *Finder) each(names []string) (parts []providers.Provider, ok bool) {
	for _, n := range names {
		p, err := f.Lookup(n)
		if err != nil {
			return nil, false
		}
		parts = append(parts, p)
	}
	return parts, true
}

func inFile(file string, read func(
	string) (providers.Provider, error)) (providers.Provider, error) {
	p, err := read(file)
	if err != nil {
		return p, fmt.Errorf("%w: %s: %w", ErrFile, file, err)
	}
	return p, nil
}

// ByMaptype returns the mosaic in which each provider serves the textures of its own maptypes, and
// the first all others. Textures of one are never filled from another.
func ByMaptype(parts []providers.Provider) (providers.Provider, error) {
	if len(parts) == 1 {
		return parts[0], nil
	}
	d := description{code: parts[0].Code, name: "each maptype from its own provider"}
	rest := providers.Layer{Provider: parts[0]}
	var ids, keys []string
	for i, p := range parts {
		if i > 0 {
			own := providers.Layer{Provider: p, Maptypes: maptypes(p)}
			d.layers = append(d.layers, own)
			rest.NotFor = append(rest.NotFor, own.Maptypes...)
		}
		ids, keys = append(ids, p.ID), append(keys, p.ID+" "+p.Template)
	}
	d.layers = append(d.layers, rest)
	d.id, d.key = strings.Join(ids, "+"), []byte(strings.Join(keys, "\n"))
	return d.provider()
}

func maptypes(p providers.Provider) []string { return append([]string{p.Code, p.ID}, p.Codes...) }
