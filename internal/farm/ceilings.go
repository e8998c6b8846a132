package farm

import (
	"context"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/quota"
	"github.com/xelpack/xelpack/pkg/fetch"
)

// budgetOf returns the budget for a provider's hosts. rate is the user's limit; 0: none.
func budgetOf(p fetch.Provider, rate float64) (*budget, error) {
	known, err := imagery.Catalogue()
	if err != nil {
		return nil, err
	}
	b := newBudget(map[string]ceiling{})
	daily := map[string]fetch.Provider{}
	parts := []fetch.Provider{p}
	for _, l := range p.Layers {
		parts = append(parts, l.Provider)
	}
	for _, one := range parts {
		t, _, err := one.Resolve(known.Token)
		if t == nil || one.Template == "" {
			_ = err // it has no host: a mosaic, the sample, a file
			continue
		}
		c := b.ceilings[t.Host]
		c.Rate = lower(lower(c.Rate, one.Rate), rate)
		c.AtOnce = int(lower(float64(c.AtOnce), float64(one.Concurrency)))
		if one.RequestsADay > 0 {
			c.Daily = true
			daily[t.Host] = one
		}
		b.ceilings[t.Host] = c
	}
	if len(daily) > 0 {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		// Beside those of this machine, which its own workers count.
		requests := quota.New(filepath.Join(cache, "xelpack", "requests"))
		b.allow = func(ctx context.Context, host string) error {
			return requests.Take(ctx, daily[host].ID+"-farm", daily[host].RequestsADay)
		}
	}
	return b, nil
}

// lower returns the lower of two limits; 0 is none.
func lower(a, b float64) float64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}
