package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// autoProvider takes what the scenery's names ask for.
const autoProvider = "auto"

// fallbackProvider has the whole world, openly licensed, if not sharp.
const fallbackProvider = "eox"

// fetchOptions are the flags about imagery that build and mount share.
type fetchOptions struct {
	Provider    string
	Concurrency int
	Rate        float64
	storeOptions
}

func (o *fetchOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.Provider, "provider", autoProvider, "where imagery comes from: an `ID` that \"xelpack providers\" lists, a URL template with {x} {y} {z}, mbtiles:FILE, an Ortho4XP FILE.lay, or auto")
	f.IntVar(&o.Concurrency, "concurrency", 0, fmt.Sprintf("requests in flight at once, at most %d (default 16 a processor)", fetch.MaxConcurrency))
	o.storeOptions.register(f)
	f.Float64Var(&o.Rate, "rate", 0, "requests a second at most (default as many as the provider takes)")
}

func (o fetchOptions) validate() error {
	if o.Concurrency < 0 || o.Concurrency > fetch.MaxConcurrency {
		return usageErrorf("--concurrency %d: want 1 to %d, or 0 for 16 a processor", o.Concurrency, fetch.MaxConcurrency)
	}
	if !(o.Rate >= 0) {
		return usageErrorf("--rate %v: want requests a second, or 0 for no limit", o.Rate)
	}
	return o.storeOptions.validate()
}

// catalogue reads the user's providers.
func catalogue() (*providers.Catalogue, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return &providers.Catalogue{}, nil // no home, no providers of one's own
	}
	c, err := providers.Load(filepath.Join(dir, "xelpack"))
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// newClient returns the process's client, with the limits of o and the tokens of the user's files.
func (o fetchOptions) newClient(co fetch.ClientOptions) (*fetch.Client, error) {
	c, err := catalogue()
	if err != nil {
		return nil, err
	}
	co.Concurrency, co.Rate, co.UserAgent, co.Token = o.Concurrency, o.Rate, userAgent(), c.Token
	return fetch.NewClient(co), nil
}

// open returns where p's imagery comes from. Close it.
func (o fetchOptions) open(ctx context.Context, p fetch.Provider, co fetch.ClientOptions, askMissing bool, stderr io.Writer) (*imagery, error) {
	client, err := o.newClient(co)
	if err != nil {
		return nil, err
	}
	im, err := o.openImagery(ctx, client, p, askMissing, stderr)
	if err != nil {
		client.Close()
	}
	return im, err
}

// lookup finds the provider. With auto it is the one that most of the textures are named after, if
// xelpack knows it.
func (o fetchOptions) lookup(textures iter.Seq[tiles.Texture], stderr io.Writer) (fetch.Provider, error) {
	known, err := catalogue()
	if err != nil {
		return fetch.Provider{}, err
	}
	if o.Provider != autoProvider {
		p, err := known.Lookup(o.Provider)
		if err != nil {
			return p, usageErrorf("--provider: %w", err)
		}
		sayNotes(p, stderr)
		return p, nil
	}
	wanted, others := commonMaptype(textures)
	if wanted != "" {
		p, err := known.Lookup(wanted)
		switch {
		case err == nil:
			if others > 0 {
				fmt.Fprintf(stderr, "provider: %s, for maptype %s; %s of other maptypes are taken from it too (--provider chooses)\n", p.ID, wanted, units.Plural(others, "texture"))
			}
			sayNotes(p, stderr)
			return p, nil
		case errors.Is(err, providers.ErrUnknown):
			fmt.Fprintf(stderr, "provider: none is known for maptype %s: taking %s (--provider chooses)\n", wanted, fallbackProvider)
		default:
			fmt.Fprintf(stderr, "provider: maptype %s: %v; taking %s (--provider chooses)\n", wanted, err, fallbackProvider)
		}
	}
	p, err := known.Lookup(fallbackProvider)
	if strings.EqualFold(filepath.Ext(p.File), ".lay") || err != nil { // Ortho4XP's own of that name was not asked for
		return providers.Lookup(fallbackProvider)
	}
	return p, err
}

// sayNotes says what of a provider's description was guessed or is not done.
func sayNotes(p fetch.Provider, stderr io.Writer) {
	for _, note := range p.Notes {
		fmt.Fprintf(stderr, "provider: %s: %s\n", p.ID, note)
	}
}

// commonMaptype returns the maptype that most textures have and how many have another.
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

// namedBy yields the textures that scenery packages name or, where there are none, those of
// archives.
func namedBy(packages []*scenery.Package, archives []*mbtiles.Archive) iter.Seq[tiles.Texture] {
	return func(yield func(tiles.Texture) bool) {
		for _, p := range packages {
			for _, t := range p.Textures() {
				if !yield(t.Texture) {
					return
				}
			}
		}
		for _, a := range archives {
			if len(packages) > 0 {
				return
			}
			for e := range a.All() {
				if !yield(e.Texture) {
					return
				}
			}
		}
	}
}
