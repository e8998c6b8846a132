package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/xelpack/xelpack/pkg/scenery"
)

// FindXPlane returns the folder of this user's X-Plane 12 (or 11), as its installer recorded it, or
// "".
func FindXPlane(home string) string {
	for _, version := range []string{"12", "11"} {
		text, err := os.ReadFile(filepath.Join(installNotes(home), "x-plane_install_"+version+".txt"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			dir := strings.TrimSpace(line)
			if info, err := os.Stat(dir); dir != "" && err == nil && info.IsDir() {
				return filepath.Clean(dir)
			}
		}
	}
	return ""
}

// pack is one line of scenery_packs.ini.
type pack struct {
	path     string // as written, without a slash at its end
	disabled bool
}

func (p pack) name() string { return filepath.Base(p.path) }

// dir returns the package's folder, in or outside Custom Scenery.
func (p pack) dir(custom string) string {
	if filepath.IsAbs(p.path) {
		return p.path
	}
	return filepath.Join(filepath.Dir(custom), p.path)
}

// XPlane checks the Custom Scenery of the X-Plane in dir, and the positions of the scenery packages
// that are mounted there under the names of the given folders.
func XPlane(ctx context.Context, dir string, packages []string) []Finding {
	const s = subject("X-Plane")
	custom := filepath.Join(dir, "Custom Scenery")
	if info, err := os.Stat(custom); err != nil || !info.IsDir() {
		return []Finding{s.failure("name X-Plane's own folder: --xplane DIR",
			"%s has no folder Custom Scenery", dir)}
	}
	packs, err := readPacks(filepath.Join(custom, "scenery_packs.ini"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return []Finding{s.warning("start X-Plane once: it writes the file",
			"%s: no scenery_packs.ini yet", custom)}
	case err != nil:
		return []Finding{s.failure("correct it, or remove it: X-Plane writes a new one", "%v", err)}
	}
	findings := []Finding{s.ok("%s: %d packages", custom, len(packs))}
	for _, dir := range packages {
		name := listedAs(packs, dir)
		findings = append(findings, order(custom, packs, name)...)
		findings = append(findings, rivals(ctx, custom, packs, name, dir)...)
	}
	return findings
}

// listedAs returns the name under which the package in dir is listed: its folder's name or, for a
// link, the name of the folder it leads to.
func listedAs(packs []pack, dir string) string {
	name := filepath.Base(dir)
	if path, err := filepath.Abs(dir); err == nil {
		name = filepath.Base(path)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil && place(packs, name) < 0 &&
		place(packs, filepath.Base(real)) >= 0 {
		name = filepath.Base(real)
	}
	return name
}

// place returns the position of a package, or -1.
func place(packs []pack, name string) int {
	return slices.IndexFunc(packs, func(p pack) bool { return strings.EqualFold(p.name(), name) })
}

// rivals finds packages above the one in dir that have meshes of the same cells: X-Plane uses the
// first and ignores the others.
func rivals(ctx context.Context, custom string, packs []pack, name,
	dir string) (findings []Finding) {
	const s = subject("scenery order")
	ours, err := scenery.Meshes(ctx, dir)
	if err != nil {
		return nil // Scenery reports problems of the package
	}
	for _, above := range packs[:max(0, place(packs, name))] {
		if above.disabled || strings.HasPrefix(above.path, "*") {
			continue
		}
		theirs, err := scenery.Meshes(ctx, above.dir(custom))
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
					"%s, or disable the latter", name, above.name()),
					"%s is above %s and has meshes of the same cells, so %s is not visible "+
						"there: %s",
					above.name(), name, name, few(cells)))
		}
		if len(unread) > 0 {
			findings = append(findings, s.warning(fmt.Sprintf("install %s again", above.name()),
				"%s is above %s, and its meshes of the same cells cannot be read: %s", above.name(),
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

// readPacks reads scenery_packs.ini: three lines of preamble, then "SCENERY_PACK path/" or
// "SCENERY_PACK_DISABLED path/", topmost first.
func readPacks(file string) ([]pack, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var packs []pack
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		word, path, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if word != "SCENERY_PACK" && word != "SCENERY_PACK_DISABLED" {
			continue
		}
		path = strings.TrimRight(strings.ReplaceAll(strings.TrimSpace(path), "\\", "/"), "/")
		packs = append(packs, pack{path, word == "SCENERY_PACK_DISABLED"})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return packs, nil
}

// order checks whether a package is in the right position: a base mesh must be below everything
// that is to be visible on it.
func order(custom string, packs []pack, name string) []Finding {
	const s = subject("scenery order")
	at := place(packs, name)
	line := "SCENERY_PACK Custom Scenery/" + name + "/"
	if at < 0 {
		return []Finding{s.warning(
			fmt.Sprintf("make the folder, and add this as the last line of scenery_packs.ini: %s",
				line),
			"%s is not listed: X-Plane would put it on top, over airports and overlays", name)}
	}
	var findings []Finding
	if packs[at].disabled {
		findings = append(findings,
			s.failure("in scenery_packs.ini, change it to: "+line, "%s is disabled", name))
	}
	if info, err := os.Stat(filepath.Join(custom, name)); err != nil || !info.IsDir() {
		findings = append(findings,
			s.failure("make the empty folder and mount there before X-Plane starts",
				"%s is listed, but there is no such folder in Custom Scenery", name))
	}
	var hidden []string
	for _, below := range packs[at+1:] {
		if what := seenOnTop(custom, below); what != "" && !below.disabled {
			hidden = append(hidden, fmt.Sprintf("%s (%s)", below.name(), what))
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

// seenOnTop returns what kind of package p is, if a base mesh would hide it.
func seenOnTop(custom string, p pack) string {
	if strings.HasPrefix(p.path, "*") {
		return "X-Plane's airports"
	}
	if _, err := os.Stat(filepath.Join(p.dir(custom), "Earth nav data", "apt.dat")); err == nil {
		return "airport"
	}
	if strings.Contains(strings.ToLower(p.name()), "overlay") {
		return "overlay"
	}
	return ""
}
