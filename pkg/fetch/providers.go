package fetch

import "github.com/xelpack/xelpack/internal/providers"

// Provider describes a source of imagery and its terms. It is plain data, without a token.
type Provider = providers.Provider

// Colour is a colour with which a provider paints areas without imagery.
type Colour = providers.Colour

// LookupProvider finds a provider: a built-in one by its id or one of its maptype codes, in any
// case; a URL template, which contains "://"; mbtiles:FILE; a provider file of Ortho4XP, FILE.lay.
// It returns every error that would keep its source from working.
func LookupProvider(name string) (Provider, error) { return providers.Lookup(name) }
