package fetch

import "github.com/xelpack/xelpack/internal/providers"

// Provider says where imagery comes from and on what terms. It is plain data, and holds no token.
type Provider = providers.Provider

// Colour is one in which a provider paints what it has no imagery of.
type Colour = providers.Colour

// LookupProvider finds a provider: a built-in one by its id or one of its maptype codes, in any
// case; a URL template, which holds "://"; mbtiles:FILE; a provider file of Ortho4XP, FILE.lay.
// Whatever would keep its source from working shows here.
func LookupProvider(name string) (Provider, error) { return providers.Lookup(name) }
