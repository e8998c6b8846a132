package doctor

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/xplane"
)

// Fix puts X-Plane's scenery_packs.ini in order for the packages that are mounted under the names
// of the given folders or, without any, for all its ortho packages that are not disabled. It makes
// the folders that X-Plane has to see, and changes nothing else. It returns what it changed, one
// line each.
func Fix(ctx context.Context, dir string, packages []string, now time.Time) ([]string, error) {
	home, _ := os.UserHomeDir() // without one nothing is noted there
	x, err := xplane.Find(dir, home)
	if err != nil {
		return nil, err
	}
	names, err := fixable(ctx, x, packages)
	if err != nil {
		return nil, err
	}
	t, err := x.Tidy(names)
	if err != nil {
		return nil, err
	}
	applied, err := t.Apply(now)
	if err != nil {
		return nil, err
	}
	if applied.Backup != "" {
		return append(t.Changes, "the file as it was: "+applied.Backup), nil
	}
	return t.Changes, nil
}

// fixable returns the names of the packages whose order matters.
func fixable(ctx context.Context, x xplane.Install, packages []string) (names []string, err error) {
	if len(packages) == 0 {
		all, err := x.Packages(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if !p.Disabled {
				names = append(names, p.Name)
			}
		}
		return names, nil
	}
	o, err := x.Order()
	if err != nil {
		return nil, x.NoOrder(err)
	}
	for _, dir := range packages {
		// A typing error must not become a line of the file.
		if _, err := os.Stat(filepath.Join(dir, "Earth nav data")); err != nil {
			return nil, err
		}
		names = append(names, listedAs(o.Packs(), dir))
	}
	return names, nil
}
