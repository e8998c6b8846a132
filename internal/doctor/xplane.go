package doctor

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FindXPlane returns the folder of an X-Plane 12 (or 11) of this user, as its installer wrote it down, or "".
func FindXPlane(home string) string {
	for _, version := range []string{"12", "11"} {
		text, err := os.ReadFile(filepath.Join(home, ".x-plane", "x-plane_install_"+version+".txt"))
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

// XPlane looks at the Custom Scenery of the X-Plane in dir, and at where the packages of the given folder names stand in its order.
func XPlane(dir string, packages []string) []Finding {
	const s = subject("X-Plane")
	custom := filepath.Join(dir, "Custom Scenery")
	if info, err := os.Stat(custom); err != nil || !info.IsDir() {
		return []Finding{s.failure("name the folder of X-Plane itself: --xplane DIR", "%s has no folder Custom Scenery", dir)}
	}
	packs, err := readPacks(filepath.Join(custom, "scenery_packs.ini"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return []Finding{s.warning("start X-Plane once: it writes the file", "%s: no scenery_packs.ini yet", custom)}
	case err != nil:
		return []Finding{s.failure("mend it, or remove it: X-Plane writes a new one", "%v", err)}
	}
	findings := []Finding{s.ok("%s: %d packages", custom, len(packs))}
	for _, name := range packages {
		findings = append(findings, order(custom, packs, name)...)
	}
	return findings
}

// readPacks reads scenery_packs.ini: after three lines of preamble "SCENERY_PACK path/" or "SCENERY_PACK_DISABLED path/", what comes first lies on top.
func readPacks(file string) ([]pack, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
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

// order says whether a package stands where it belongs: a base mesh below everything that is to be seen on it.
func order(custom string, packs []pack, name string) []Finding {
	const s = subject("scenery order")
	at := slices.IndexFunc(packs, func(p pack) bool { return strings.EqualFold(p.name(), name) })
	line := "SCENERY_PACK Custom Scenery/" + name + "/"
	if at < 0 {
		return []Finding{s.warning(fmt.Sprintf("make the folder, and add as the last line of scenery_packs.ini: %s", line),
			"%s is not listed: X-Plane would put it on top, over airports and overlays", name)}
	}
	var findings []Finding
	if packs[at].disabled {
		findings = append(findings, s.failure("in scenery_packs.ini make it: "+line, "%s is disabled", name))
	}
	if info, err := os.Stat(filepath.Join(custom, name)); err != nil || !info.IsDir() {
		findings = append(findings, s.failure("make the empty folder and mount there before X-Plane starts", "%s is listed, but there is no such folder in Custom Scenery", name))
	}
	var hidden []string
	for _, below := range packs[at+1:] {
		if what := seenOnTop(custom, below); what != "" && !below.disabled {
			hidden = append(hidden, fmt.Sprintf("%s (%s)", below.name(), what))
		}
	}
	if len(hidden) > 0 {
		const most = 3
		text := strings.Join(hidden[:min(most, len(hidden))], ", ")
		if n := len(hidden) - most; n > 0 {
			text += fmt.Sprintf(" and %d more", n)
		}
		findings = append(findings, s.warning("in scenery_packs.ini move the line of "+name+" below them", "%s hides what stands below it: %s", name, text))
	}
	if len(findings) == 0 {
		findings = append(findings, s.ok("%s is number %d of %d, below airports and overlays", name, at+1, len(packs)))
	}
	return findings
}

// seenOnTop says what a package is, if it is of a kind that a base mesh hides.
func seenOnTop(custom string, p pack) string {
	dir := p.path
	switch {
	case strings.HasPrefix(dir, "*"):
		return "X-Plane's airports"
	case !filepath.IsAbs(dir):
		dir = filepath.Join(filepath.Dir(custom), dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "Earth nav data", "apt.dat")); err == nil {
		return "airport"
	}
	if strings.Contains(strings.ToLower(p.name()), "overlay") {
		return "overlay"
	}
	return ""
}
