package imagery

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/mosaic"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Auto is the provider named by the scenery's textures.
const Auto = "auto"

// Catalogue reads the user's providers.
func Catalogue() (*providers.Catalogue, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return &providers.Catalogue{}, nil // no home directory, no user's providers
	}
	c, err := providers.Load(filepath.Join(dir, "xelpack"))
	if err != nil {
		return nil, usage.Error{Err: err}
	}
	return c, nil
}

// Finder finds providers and mosaics, the user's among them.
func Finder() (*mosaic.Finder, error) {
	known, err := Catalogue()
	if err != nil {
		return nil, err
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return mosaic.None(known), nil
	}
	f, err := mosaic.Load(known, filepath.Join(dir, "xelpack"))
	if err != nil {
		return nil, usage.Error{Err: err}
	}
	return f, nil
}

// Lookup finds the provider or mosaic. For Auto, textures of each maptype come from the provider
// that it names, those of unknown maptypes from that of the most textures, and all from the open
// mosaic if that is unknown too. The choice, its reason, guesses and omissions are noted.
func (o Options) Lookup(textures iter.Seq[tiles.Texture],
	note func(string)) (fetch.Provider, error) {
	find, err := Finder()
	if err != nil {
		return fetch.Provider{}, err
	}
	p, err := o.chosen(find, textures, note)
	if err != nil {
		return p, err
	}
	if o.Zones != "" {
		if p, err = find.Zones(o.Zones, p); err != nil {
			return p, usage.Errorf("--provider-map: %w", err)
		}
	}
	Notes(p, note)
	return p, nil
}

// open notes what is used where no provider is known.
const open = "using " + mosaic.OpenID +
	", the best open imagery of every place (choose with --provider)"

func (o Options) chosen(find *mosaic.Finder, textures iter.Seq[tiles.Texture],
	note func(string)) (fetch.Provider, error) {
	if o.Provider != Auto {
		p, err := find.Lookup(o.Provider)
		if err != nil {
			return p, usage.Errorf("--provider: %w", err)
		}
		return p, nil
	}
	var parts []fetch.Provider
	var said []string
	others := 0
	for i, m := range maptypes(textures) {
		p, err := find.Lookup(m.code)
		switch {
		case err == nil:
			said = append(said, fmt.Sprintf("%s for maptype %s (%s)", p.ID, m.code,
				units.Plural(m.textures, "texture")))
		case i > 0:
			others += m.textures
			continue
		case errors.Is(err, providers.ErrUnknown):
			note(fmt.Sprintf("provider: none known for maptype %s: %s", m.code, open))
		default:
			note(fmt.Sprintf("provider: maptype %s: %v; %s", m.code, err, open))
		}
		if err != nil {
			if p, err = find.Lookup(mosaic.OpenID); err != nil {
				return p, err
			}
		}
		if !slices.ContainsFunc(parts, func(q fetch.Provider) bool { return q.ID == p.ID }) {
			parts = append(parts, p)
		}
	}
	switch {
	case len(parts) == 0:
		note("provider: no texture names one: " + open)
		return find.Lookup(mosaic.OpenID)
	case others > 0:
		said = append(said, fmt.Sprintf("%s for %s of other maptypes", parts[0].ID,
			units.Plural(others, "texture")))
	}
	if len(said) > 1 {
		note("provider: " + strings.Join(said, ", ") + " (choose with --provider)")
	}
	return mosaic.ByMaptype(parts)
}

// Notes calls note with what was guessed or ignored in a provider's description.
func Notes(p fetch.Provider, note func(string)) {
	for _, text := range p.Notes {
		note(fmt.Sprintf("provider: %s: %s", p.ID, text))
	}
	if p.ServiceTerms != "" {
		note(fmt.Sprintf("provider: %s: its service asks: %s", p.ID, p.ServiceTerms))
	}
}

// maptype is the number of textures that have it.
type maptype struct {
	code     string
	textures int
}

// maptypes returns the maptypes of textures, the most frequent first.
func maptypes(textures iter.Seq[tiles.Texture]) (list []maptype) {
	if textures == nil {
		return nil
	}
	counts := make(map[string]int)
	for t := range textures {
		counts[strings.ToUpper(t.Maptype)]++
	}
	for code, n := range counts {
		list = append(list, maptype{code, n})
	}
	slices.SortFunc(list, func(a, b maptype) int {
		return cmp.Or(cmp.Compare(b.textures, a.textures), cmp.Compare(a.code, b.code))
	})
	return list
}
