// Package names finds what users call by name: flight plans ("simbrief:USER", "latest",
// "LSGG-LFMN") and scenery packages of X-Plane.
//
//	finder := names.Finder{XPlane: dir, SimBriefUser: user, Note: print}
//	file, err := finder.Route(ctx, "latest")
//	dir, err := finder.Scenery(ctx, "zzXEL_eur_ortho")
//
// A file or folder that exists wins over a name. What is fetched or made is kept as a file, which
// package route reads.
package names

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/xplane"
)

// Finder finds files by name.
type Finder struct {
	XPlane       string // X-Plane's folder; "": where its installer noted it
	SimBriefUser string // of "simbrief" without a name
	SimBrief     string // address of the fetcher; "": SimBrief's own
	Offline      bool   // SimBrief is not asked: the plan that it gave last is used
	Cache        string // folder in which plans are kept; "": the user's
	Home         string // "": the user's
	Note         func(string)
}

func (f Finder) home() string {
	if f.Home != "" {
		return f.Home
	}
	home, _ := os.UserHomeDir() // without a home nothing is noted there
	return home
}

func (f Finder) note(format string, args ...any) {
	if f.Note != nil {
		f.Note(fmt.Sprintf(format, args...))
	}
}

// cache returns the folder for plans and indexes.
func (f Finder) cache() (string, error) {
	dir := f.Cache
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder: %w", err)
		}
		dir = filepath.Join(cache, "xelpack", "routes")
	}
	return dir, os.MkdirAll(dir, 0o777)
}

// X returns X-Plane.
func (f Finder) X() (xplane.Install, error) { return xplane.Find(f.XPlane, f.home()) }

// simBriefPrefix begins the names of SimBrief's plans.
const simBriefPrefix = "simbrief:"

// Route returns the file of the flight plan called name: of that file, if there is one. Any other
// text is returned as it is: reading it says what is wrong.
func (f Finder) Route(ctx context.Context, name string) (file string, err error) {
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		return name, nil
	}
	user, fromSimBrief := strings.CutPrefix(name, simBriefPrefix)
	codes := words(name)
	switch {
	case fromSimBrief:
		return f.simBrief(ctx, user)
	case name == "simbrief":
		return f.simBrief(ctx, "")
	case name == "latest":
		return f.latest()
	case codes != nil:
		return f.between(ctx, name, codes)
	}
	return name, nil
}

// latest returns the newest plan of X-Plane or Little Navmap.
func (f Finder) latest() (string, error) {
	dirs := xplane.NavmapDirs(f.home())
	x, errX := f.X()
	if errX == nil {
		dirs = append([]string{x.PlansDir()}, dirs...)
	}
	if len(dirs) == 0 || f.XPlane != "" && errX != nil {
		return "", fmt.Errorf("latest: %w", errX)
	}
	file, when, err := xplane.NewestPlan(dirs)
	if err != nil {
		return "", fmt.Errorf("latest: %w", err)
	}
	f.note("latest: %s, of %s", file, when.Format("2006-01-02 15:04"))
	return file, nil
}

// Scenery returns the folder of the scenery package called name: a folder of that name or, if
// X-Plane is known, its ortho package.
func (f Finder) Scenery(ctx context.Context, name string) (dir string, err error) {
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) || name == "" ||
		strings.ContainsAny(name, `/\`) {
		return name, nil
	}
	x, err := f.X()
	if errors.Is(err, xplane.ErrNone) && f.XPlane == "" {
		return name, nil // then it can only have been meant as a folder
	}
	if err != nil {
		return "", usage.Errorf("no folder %s here, and %w", name, err)
	}
	p, err := x.Package(ctx, name)
	if err != nil {
		return "", fmt.Errorf("no folder %s here, and %w", name, err)
	}
	return p.Dir, nil
}
