// Package catalogue describes the archives of a folder in a file beside them, so that others can
// choose among them without opening any: docs/sharing.md.
//
//	c, err := catalogue.Parse(text)
//	for _, a := range c.Covering(regions) { … }
//
// A catalogue comes from a stranger: Parse refuses whatever a reader would have to be careful with.
package catalogue

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The names of the two files that are published beside archives.
const (
	File = "catalogue.json"
	Page = "index.html"
)

// Version is the version of the format that this package writes, and the latest it reads.
const Version = 1

// MaxBytes is the size of the largest catalogue that is read.
const MaxBytes = 32 << 20

// Reasons why a text is not a catalogue.
var (
	ErrNotCatalogue = errors.New("not an xelpack catalogue")
	ErrVersion      = errors.New("catalogue of a later version")
	ErrTooLarge     = errors.New("too large for a catalogue: at most " + units.Bytes(MaxBytes))
	ErrHostile      = errors.New("refused")
)

// Catalogue describes the archives of a folder, in the order of their names.
type Catalogue struct {
	Version  int       `json:"xelpack_catalogue"`
	Title    string    `json:"title,omitempty"`
	Private  bool      `json:"private,omitempty"` // for one's own house: not all may be passed on
	Archives []Archive `json:"archives"`
}

// Archive describes one archive.
type Archive struct {
	File     string         `json:"file"` // a name in the catalogue's folder
	Bytes    int64          `json:"bytes"`
	Format   int            `json:"format"` // version of the archive's format
	Digest   string         `json:"digest"`
	Root     string         `json:"root,omitempty"` // of the tree of hashes; none in format 1
	Textures int            `json:"textures"`
	Holes    int            `json:"holes"`     // textures with failed chunks
	ByZL     map[string]int `json:"by_zl"`     // textures by zoom level
	ByDetail map[string]int `json:"by_detail"` // and by detail k
	Maptypes []string       `json:"maptypes"`
	// Rectangles that do not overlap and cover every texture; they may cover more.
	Area        Geometry      `json:"area"`
	Terms       terms.Terms   `json:"terms"`       // that follow for the whole
	Attribution string        `json:"attribution"` // a line for each source
	Sources     terms.Sources `json:"sources"`
	Captured    *terms.Days   `json:"captured,omitempty"` // when the pictures were taken
	// Signatures are files of minisign's, over the text of docs/archive-format.md's statement of
	// digest, root and textures.
	Signatures []string `json:"signatures,omitempty"`
	Mirrors    []string `json:"mirrors,omitempty"` // addresses of the same file
}

// Text returns c as it is published: the same archives give the same bytes.
func (c Catalogue) Text() ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write the catalogue: %w", err)
	}
	return append(text, '\n'), nil
}

// Parse reads a catalogue and checks it.
func Parse(text []byte) (Catalogue, error) {
	var c Catalogue
	if len(text) > MaxBytes {
		return c, ErrTooLarge
	}
	var head struct {
		Version *int `json:"xelpack_catalogue"`
	}
	switch err := json.Unmarshal(text, &head); {
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")):
		return c, fmt.Errorf("%w: it is a web page", ErrNotCatalogue)
	case err != nil:
		return c, fmt.Errorf("%w: %w", ErrNotCatalogue, err)
	case head.Version == nil || *head.Version < 1:
		return c, fmt.Errorf("%w: it has no version (\"xelpack_catalogue\": %d)", ErrNotCatalogue,
			Version)
	case *head.Version > Version:
		return c, fmt.Errorf("%w: %d, this xelpack reads %d", ErrVersion, *head.Version, Version)
	}
	if err := plain(text); err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%w: %w", ErrNotCatalogue, err)
	}
	return c, c.check()
}

// Covering returns the archives with textures that regions may select, the finest first: by zoom
// level, then by detail, then by name. Without regions it returns all.
func (c Catalogue) Covering(regions tiles.Union) []Archive {
	var found []Archive
	for _, a := range c.Archives {
		if len(regions) == 0 || slices.ContainsFunc(a.Boxes(), regions.Meets) {
			found = append(found, a)
		}
	}
	slices.SortStableFunc(found, func(a, b Archive) int {
		return cmp.Or(cmp.Compare(b.Finest(), a.Finest()), cmp.Compare(a.Sharpest(), b.Sharpest()))
	})
	return found
}

// Finest returns the highest zoom level.
func (a Archive) Finest() int { return slices.Max(append(keys(a.ByZL), 0)) }

// Sharpest returns the lowest k among the textures.
func (a Archive) Sharpest() int { return slices.Min(append(keys(a.ByDetail), tiles.MaxDetail)) }

// ZLs returns the zoom levels in order.
func (a Archive) ZLs() []int { return keys(a.ByZL) }

// Details returns the details k in order.
func (a Archive) Details() []int { return keys(a.ByDetail) }

// keys returns the numbers that m is by.
func keys(m map[string]int) []int {
	var numbers []int
	for text := range maps.Keys(m) {
		if n, err := strconv.Atoi(text); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers
}
