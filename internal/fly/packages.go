package fly

import (
	"context"
	"errors"
	"fmt"

	"github.com/xelpack/xelpack/internal/xplane"
)

// errNoPackage means that X-Plane has no ortho package to fly over.
var errNoPackage = errors.New("no ortho package")

// Packages returns the folders of the packages that were named or else of all ortho packages that
// X-Plane shows, and X-Plane's own folder if it is wanted.
func Packages(ctx context.Context, find func() (xplane.Install, error), named []string,
	wanted bool) (dirs []string, folder string, err error) {
	if len(named) > 0 && !wanted {
		return named, "", nil
	}
	x, err := find()
	if err != nil {
		return nil, "", err
	}
	if wanted {
		folder = x.Dir
	}
	if len(named) > 0 {
		return named, folder, nil
	}
	all, err := x.Packages(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, p := range all {
		if !p.Disabled {
			dirs = append(dirs, p.Dir)
		}
	}
	switch {
	case len(all) == 0:
		err = fmt.Errorf("%w in %s: install one, or name its folder with --scenery", errNoPackage,
			x.Custom())
	case len(dirs) == 0:
		err = fmt.Errorf("%w that is enabled in %s: enable one in scenery_packs.ini, or name its "+
			"folder with --scenery", errNoPackage, x.Custom())
	}
	return dirs, folder, err
}
