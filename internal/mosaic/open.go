package mosaic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb/geo"

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/terms"
)

// OpenID is the built-in mosaic of imagery that may be passed on, also commercially.
const OpenID = "open"

// openBase covers the whole world, under a licence that is compatible with all others.
const openBase = "eox16"

// open returns the mosaic of open imagery: from the built-in catalogue everything that may be
// passed on, sold and changed without share-alike, from the smallest outline to the largest (city,
// state, nation), deepest first at equal size, over the base. Providers that lack a required API
// token are left out.
func (f *Finder) open() (providers.Provider, error) {
	base, err := f.catalogue.Lookup(openBase)
	if err != nil {
		return base, fmt.Errorf("mosaic %s: %w", OpenID, err)
	}
	type member struct {
		providers.Layer
		size float64
	}
	var members []member
	for _, p := range providers.BuiltIn() {
		if own, ok := f.catalogue.Find(p.ID); ok { // the user's version, if there is one
			own.Outline, own.Terms = p.Outline, own.Terms.Or(p.Terms)
			p = own
		}
		if p.Outline == nil || p.MaxZL <= base.MaxZL || !mayJoin(p.Terms) {
			continue
		}
		if _, _, err := p.Resolve(f.catalogue.Token); err != nil {
			continue
		}
		members = append(members,
			member{providers.Layer{Provider: p, Area: outlined(p, defaultRamp)},
				geo.Area(p.Outline)})
	}
	slices.SortStableFunc(members, func(a, b member) int {
		// Outlines of one place may be drawn differently.
		if ratio := a.size / b.size; ratio < 0.98 || ratio > 1.02 {
			return cmp.Compare(a.size, b.size)
		}
		return cmp.Compare(b.MaxZL, a.MaxZL)
	})
	d := description{id: OpenID, code: "OPEN", name: "open imagery: the best that may be passed on"}
	var ids []string
	for _, m := range members {
		d.layers = append(d.layers, m.Layer)
		ids = append(ids, m.ID+" "+m.Template)
	}
	d.layers = append(d.layers, providers.Layer{Provider: base})
	d.key = []byte(strings.Join(ids, "\n") + "\n" + base.Template)
	return d.provider()
}

func mayJoin(t terms.Terms) bool {
	return t.MayPassOn() && t.Commercial == terms.Yes && t.Derivatives == terms.Yes &&
		t.ShareAlike == terms.No
}
