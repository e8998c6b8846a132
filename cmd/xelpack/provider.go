package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/scenery"
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
}

func (o *fetchOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.Provider, "provider", autoProvider, "where imagery comes from: an `ID` that \"xelpack providers\" lists, a URL template with {x} {y} {z}, or auto")
	f.IntVar(&o.Concurrency, "concurrency", 0, fmt.Sprintf("requests in flight at once, at most %d (default 16 a processor)", fetch.MaxConcurrency))
	f.Float64Var(&o.Rate, "rate", 0, "requests a second at most (default as many as the provider takes)")
}

func (o fetchOptions) validate() error {
	if o.Concurrency < 0 || o.Concurrency > fetch.MaxConcurrency {
		return usageErrorf("--concurrency %d: want 1 to %d, or 0 for 16 a processor", o.Concurrency, fetch.MaxConcurrency)
	}
	if !(o.Rate >= 0) {
		return usageErrorf("--rate %v: want requests a second, or 0 for no limit", o.Rate)
	}
	return nil
}

// lookup finds the provider. With auto it is the one that most of the scenery's textures are named after, if xelpack knows it.
func (o fetchOptions) lookup(packages []*scenery.Package, stderr io.Writer) (fetch.Provider, error) {
	if o.Provider != autoProvider {
		p, err := fetch.LookupProvider(o.Provider)
		if err != nil {
			return p, usageErrorf("--provider: %w", err)
		}
		return p, nil
	}
	wanted, others := commonMaptype(packages)
	if wanted != "" {
		if p, err := fetch.LookupProvider(wanted); err == nil {
			if others > 0 {
				fmt.Fprintf(stderr, "provider: %s, for maptype %s; %s of other maptypes are taken from it too (--provider chooses)\n", p.ID, wanted, plural(others, "texture"))
			}
			return p, nil
		}
		fmt.Fprintf(stderr, "provider: none is known for maptype %s: taking %s (--provider chooses)\n", wanted, fallbackProvider)
	}
	return fetch.LookupProvider(fallbackProvider)
}

// commonMaptype returns the maptype that most textures have and how many have another.
func commonMaptype(packages []*scenery.Package) (maptype string, others int) {
	counts := make(map[string]int)
	total := 0
	for _, p := range packages {
		for _, t := range p.Textures() {
			m := strings.ToUpper(t.Maptype)
			counts[m]++
			total++
			if n := counts[m]; n > counts[maptype] || n == counts[maptype] && m < maptype {
				maptype = m
			}
		}
	}
	return maptype, total - counts[maptype]
}
