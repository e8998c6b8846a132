// Package xplane knows X-Plane's own folder: where its installer noted it, the ortho packages of
// its Custom Scenery and their order, its flight plans, its airports, and what its last log says.
//
//	x, err := xplane.Find("", home)          // or Open(dir)
//	packages, err := x.Packages(ctx)
//	airports, err := x.Airports(ctx, cacheDir, note)
//
// Nothing is changed except by Tidying.Apply.
package xplane

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Errors of Find and Open.
var (
	ErrNone    = errors.New("X-Plane is not found")
	ErrSeveral = errors.New("several X-Planes are installed")
)

// Install is one installed X-Plane.
type Install struct {
	Dir string
}

// Custom returns the folder of its scenery packages.
func (x Install) Custom() string { return filepath.Join(x.Dir, "Custom Scenery") }

// OrderFile returns its scenery_packs.ini.
func (x Install) OrderFile() string { return filepath.Join(x.Custom(), "scenery_packs.ini") }

// Open returns the X-Plane in dir.
func Open(dir string) (Install, error) {
	x := Install{filepath.Clean(dir)}
	if !isFolder(x.Custom()) {
		return x, fmt.Errorf("%w: %s has no folder Custom Scenery: name X-Plane's own folder: "+
			"--xplane DIR", ErrNone, dir)
	}
	return x, nil
}

// Find returns the X-Plane in dir or, if that is "", the one that its installer noted for the user
// with this home.
func Find(dir, home string) (Install, error) {
	if dir != "" {
		return Open(dir)
	}
	there, stale := Noted(home)
	const remedy = "name its folder: --xplane DIR, or once for all: `xelpack setup --xplane DIR`"
	switch {
	case len(there) == 0 && len(stale) > 0:
		return Install{}, fmt.Errorf("%w: its installer noted %s, where it is no longer; %s", ErrNone,
			strings.Join(stale, ", "), remedy)
	case len(there) == 0:
		return Install{}, fmt.Errorf("%w: its installer has left no note in %s; %s", ErrNone,
			installNotes(home), remedy)
	case len(there) > 1:
		return Install{}, fmt.Errorf("%w: %s; %s", ErrSeveral, strings.Join(there, ", "), remedy)
	}
	return Install{there[0]}, nil
}

// Noted returns the folders in which installers noted X-Plane: those of X-Plane 12 that are there
// or, without any, of X-Plane 11; and those where it is no longer.
func Noted(home string) (there, stale []string) {
	for _, version := range []string{"12", "11"} {
		for _, dir := range noted(filepath.Join(installNotes(home), "x-plane_install_"+version+".txt")) {
			switch {
			case !isFolder(filepath.Join(dir, "Custom Scenery")) || !isFolder(filepath.Join(dir, "Resources")):
				stale = append(stale, dir)
			case !slices.ContainsFunc(there, func(other string) bool { return sameFile(dir, other) }):
				there = append(there, dir)
			}
		}
		if len(there) > 0 {
			break
		}
	}
	return there, stale
}

// noted returns the folders that an installer's note names, one a line.
func noted(file string) (dirs []string) {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	const longest = 1 << 20
	text, err := io.ReadAll(io.LimitReader(f, longest))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if dir := strings.TrimSpace(line); dir != "" {
			dirs = append(dirs, filepath.Clean(dir))
		}
	}
	return dirs
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
