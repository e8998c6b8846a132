package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/internal/xplane"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// XPlane checks the Custom Scenery of an X-Plane, and the positions of the scenery packages that
// are mounted there under the names of the given folders.
func XPlane(ctx context.Context, x xplane.Install, packages []string) []Finding {
	const s = subject("X-Plane")
	custom := x.Custom()
	listed, err := x.Order()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return []Finding{s.warning("start X-Plane once: it writes the file",
			"%s: no scenery_packs.ini yet", custom)}
	case err != nil:
		return []Finding{s.failure("correct it, or remove it: X-Plane writes a new one", "%v", err)}
	}
	packs := listed.Packs()
	findings := []Finding{s.ok("%s: %d packages", custom, len(packs))}
	for _, dir := range packages {
		name := listedAs(packs, dir)
		findings = append(findings, order(x, packs, name)...)
		findings = append(findings, rivals(ctx, x, packs, name, dir)...)
	}
	if len(packages) == 0 {
		findings = append(findings, orderOfAll(ctx, x, packs)...)
	}
	return findings
}

// orderOfAll checks the positions of all ortho packages that are not disabled.
func orderOfAll(ctx context.Context, x xplane.Install, packs []xplane.Pack) (findings []Finding) {
	const s = subject("scenery order")
	all, err := x.Packages(ctx)
	if err != nil {
		return []Finding{s.warning("check that you may read the folder", "%v", err)}
	}
	var well []string
	for _, p := range all {
		if p.Disabled {
			continue
		}
		about := order(x, packs, p.Name)
		if Worst(about) == OK {
			well = append(well, p.Name)
			continue
		}
		findings = append(findings, about...)
	}
	if len(well) > 0 {
		findings = append(findings, s.ok("below airports and overlays: %s", few(well)))
	}
	return findings
}

// listedAs returns the name under which the package in dir is listed: its folder's name or, for a
// link, the name of the folder it leads to.
func listedAs(packs []xplane.Pack, dir string) string {
	name := filepath.Base(dir)
	if path, err := filepath.Abs(dir); err == nil {
		name = filepath.Base(path)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil && xplane.Place(packs, name) < 0 &&
		xplane.Place(packs, filepath.Base(real)) >= 0 {
		name = filepath.Base(real)
	}
	return name
}

// rivals finds packages above the one in dir that have meshes of the same cells: X-Plane uses the
// first and ignores the others.
func rivals(ctx context.Context, x xplane.Install, packs []xplane.Pack, name,
	dir string) (findings []Finding) {
	const s = subject("scenery order")
	ours, err := scenery.Meshes(ctx, dir)
	if err != nil {
		return nil // Scenery reports problems of the package
	}
	for _, above := range packs[:max(0, xplane.Place(packs, name))] {
		if above.Disabled || strings.HasPrefix(above.Path, "*") {
			continue
		}
		theirs, err := scenery.Meshes(ctx, x.PackDir(above))
		if err != nil {
			continue // listed but missing: X-Plane skips it too
		}
		var cells, unread []string
		for cell, file := range theirs {
			if _, shared := ours[cell]; !shared {
				continue
			}
			switch dsf, err := scenery.ReadDSF(file); {
			case ctx.Err() != nil:
				return findings
			case err != nil:
				unread = append(unread, cell.String())
			case !dsf.Overlay():
				cells = append(cells, cell.String())
			}
		}
		if len(cells) > 0 {
			findings = append(findings,
				s.warning(fmt.Sprintf("in scenery_packs.ini, move the line of %s above that of "+
					"%s, or disable the latter", name, above.Name()),
					"%s is above %s and has meshes of the same cells, so %s is not visible "+
						"there: %s",
					above.Name(), name, name, few(cells)))
		}
		if len(unread) > 0 {
			findings = append(findings, s.warning(fmt.Sprintf("install %s again", above.Name()),
				"%s is above %s, and its meshes of the same cells cannot be read: %s", above.Name(),
				name, few(unread)))
		}
	}
	return findings
}

// few returns the first of many names, in order.
func few(names []string) string {
	const most = 3
	slices.Sort(names)
	text := strings.Join(names[:min(most, len(names))], ", ")
	if n := len(names) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// order checks whether a package is in the right position: a base mesh must be below everything
// that is to be visible on it.
func order(x xplane.Install, packs []xplane.Pack, name string) []Finding {
	const s = subject("scenery order")
	at := xplane.Place(packs, name)
	line := "SCENERY_PACK Custom Scenery/" + name + "/"
	if at < 0 {
		return []Finding{s.warning(
			fmt.Sprintf("make the folder, and add this as the last line of scenery_packs.ini: %s",
				line),
			"%s is not listed: X-Plane would put it on top, over airports and overlays", name)}
	}
	var findings []Finding
	if packs[at].Disabled {
		findings = append(findings,
			s.failure("in scenery_packs.ini, change it to: "+line, "%s is disabled", name))
	}
	if info, err := os.Stat(x.PackDir(packs[at])); err != nil || !info.IsDir() {
		findings = append(findings,
			s.failure("make the empty folder and mount there before X-Plane starts",
				"%s is listed, but there is no such folder in Custom Scenery", name))
	}
	var hidden []string
	for _, below := range packs[at+1:] {
		if what := x.OnTop(below); what != "" && !below.Disabled {
			hidden = append(hidden, fmt.Sprintf("%s (%s)", below.Name(), what))
		}
	}
	if len(hidden) > 0 {
		findings = append(findings,
			s.warning("in scenery_packs.ini, move the line of "+name+" below them",
				"%s hides what is below it: %s", name, few(hidden)))
	}
	if len(findings) == 0 {
		findings = append(findings,
			s.ok("%s is number %d of %d, below airports and overlays", name, at+1, len(packs)))
	}
	return findings
}
