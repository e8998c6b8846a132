package imagery

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Auto is the provider named by the scenery's textures.
const Auto = "auto"

// fallback covers the whole world under an open licence, at low resolution.
const fallback = "eox"

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

// Lookup finds the provider. For Auto it is the one that most of the textures are named after, if
// xelpack knows it. Guesses and omissions are noted.
func (o Options) Lookup(textures iter.Seq[tiles.Texture],
	note func(string)) (fetch.Provider, error) {
	known, err := Catalogue()
	if err != nil {
		return fetch.Provider{}, err
	}
	if o.Provider != Auto {
		p, err := known.Lookup(o.Provider)
		if err != nil {
			return p, usage.Errorf("--provider: %w", err)
		}
		Notes(p, note)
		return p, nil
	}
	wanted, others := commonMaptype(textures)
	if wanted != "" {
		p, err := known.Lookup(wanted)
		switch {
		case err == nil:
			if others > 0 {
				note(fmt.Sprintf("provider: %s, for maptype %s; also used for %s of other "+
					"maptypes (choose with --provider)", p.ID, wanted,
					units.Plural(others, "texture")))
			}
			Notes(p, note)
			return p, nil
		case errors.Is(err, providers.ErrUnknown):
			note(fmt.Sprintf("provider: none known for maptype %s: using %s (choose with "+
				"--provider)", wanted, fallback))
		default:
			note(fmt.Sprintf("provider: maptype %s: %v; using %s (choose with --provider)", wanted,
				err, fallback))
		}
	}
	p, err := known.Lookup(fallback)
	// Ortho4XP's own of that name was not asked for
	if strings.EqualFold(filepath.Ext(p.File), ".lay") || err != nil {
		return providers.Lookup(fallback)
	}
	return p, err
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

// commonMaptype returns the maptype of most textures and the number of textures with another.
func commonMaptype(textures iter.Seq[tiles.Texture]) (maptype string, others int) {
	counts := make(map[string]int)
	total := 0
	for t := range textures {
		m := strings.ToUpper(t.Maptype)
		counts[m]++
		total++
		if n := counts[m]; n > counts[maptype] || n == counts[maptype] && m < maptype {
			maptype = m
		}
	}
	return maptype, total - counts[maptype]
}
