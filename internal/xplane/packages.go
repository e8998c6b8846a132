package xplane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Package is an ortho package that X-Plane sees.
type Package struct {
	Name     string // of its folder, or of the link to it
	Dir      string // in Custom Scenery, or where scenery_packs.ini names it
	Target   string // where it leads, if it is a link; else ""
	Number   int    // in scenery_packs.ini, from the top; 0: not listed
	Disabled bool   // in scenery_packs.ini
}

// terrainName is the name of a terrain file of ortho imagery: row, column, maptype and zoom level.
var terrainName = regexp.MustCompile(`(?i)^\d+[_-]\d+[_-].*\d\d(_[a-z_]+)?\.ter$`)

// orthoName is the name of a streaming package, whose terrain may not be listed while another
// program serves it.
var orthoName = regexp.MustCompile(`(?i)^(z_ao_|zzxel_.+_ortho$|zortho4xp_[+-]|xpme_)`)

// Packages returns the ortho packages in the order of scenery_packs.ini, then those not listed, by
// name.
func (x Install) Packages(ctx context.Context) ([]Package, error) {
	entries, err := os.ReadDir(x.Custom())
	if err != nil {
		return nil, err
	}
	var packs []Pack
	if o, err := x.Order(); err == nil {
		packs = o.Packs()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	dirs := make(map[string]string) // by lower-case name
	for _, e := range entries {
		dirs[strings.ToLower(e.Name())] = filepath.Join(x.Custom(), e.Name())
	}
	for _, p := range packs {
		if filepath.IsAbs(p.Path) {
			dirs[strings.ToLower(p.Name())] = filepath.Clean(p.Path)
		}
	}
	var found []Package
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !isOrtho(dir) {
			continue
		}
		p := Package{Name: filepath.Base(dir), Dir: dir}
		if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			p.Target, _ = filepath.EvalSymlinks(dir)
		}
		if at := Place(packs, p.Name); at >= 0 {
			p.Number, p.Disabled = at+1, packs[at].Disabled
		}
		found = append(found, p)
	}
	slices.SortFunc(found, func(a, b Package) int {
		unlisted := func(p Package) int {
			if p.Number == 0 {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(unlisted(a), unlisted(b)), cmp.Compare(a.Number, b.Number),
			strings.Compare(a.Name, b.Name))
	})
	return found, nil
}

// isOrtho reports whether the package in dir has meshes and terrain of ortho imagery.
func isOrtho(dir string) bool {
	if !isFolder(filepath.Join(dir, "Earth nav data")) {
		return false
	}
	f, err := os.Open(filepath.Join(dir, "terrain"))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	const some = 200 // of a million perhaps
	names, err := f.Readdirnames(some)
	if err != nil && err != io.EOF {
		return false
	}
	return slices.ContainsFunc(names, terrainName.MatchString) ||
		len(names) == 0 && orthoName.MatchString(filepath.Base(dir))
}

// Package returns the ortho package of that name, whatever its case.
func (x Install) Package(ctx context.Context, name string) (Package, error) {
	all, err := x.Packages(ctx)
	if err != nil {
		return Package{}, err
	}
	var names []string
	for _, p := range all {
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return Package{}, fmt.Errorf("%s has no ortho package, so none of the name %q", x.Custom(), name)
	}
	const most = 8
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	return Package{}, fmt.Errorf("%s has no ortho package %q; it has %s", x.Custom(), name,
		strings.Join(names, ", "))
}
