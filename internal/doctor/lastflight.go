package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/xplane"
)

// slowMesh is how long a mesh may take to load before it is worth a word. X-Plane's own take up to
// 15 s on a slow computer.
const slowMesh = 30 * time.Second

// lastFlight says what X-Plane's last log means for scenery.
func lastFlight(ctx context.Context, x xplane.Install) []Finding {
	const s = subject("last flight")
	l, err := x.Log(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{s.skipped("X-Plane has written no Log.txt yet")}
	case err != nil:
		return []Finding{s.warning("check that you may read the file", "%v", err)}
	}
	when := "Log.txt of " + l.Written.Format("2006-01-02 15:04")
	var findings []Finding
	say := func(find func(remedy, format string, args ...any) Finding, some xplane.Some, noun, what, remedy string) {
		if some.Count > 0 {
			findings = append(findings, find(remedy, "%s: %s %s: %s", when,
				units.Plural(some.Count, noun), what, firstOf(some)))
		}
	}
	say(s.failure, l.Terrain, "terrain file",
		"could not be loaded, which ends a flight", remedyTerrain(x, l.Terrain.First))
	say(s.failure, l.MeshFailed, "DSF", "could not be read", "the mount had ended, or the disk "+
		"was gone: mount before X-Plane starts, and keep the mount until it has ended; if it was "+
		"mounted, see \"open files\" above")
	say(s.failure, l.TextureBad, "texture", "could not be read, which ends a flight", "the program "+
		"or disk that served them failed while X-Plane read: pack the textures, and fly from the "+
		"archive with `xelpack mount`, which answers every read")
	say(s.warning, l.TextureGone, "texture", "not there", "pack them: build with the same "+
		"--scenery, and give that --scenery to the mount as well")
	say(s.warning, l.FewMips, "texture", "with too few mip levels: bands in the distance",
		"another program made them: remove these files, so that xelpack's textures are used, or "+
			"mount with --prefer-archive")
	if l.SlowestFor > slowMesh {
		findings = append(findings, s.warning("pack the route before the flight, so that nothing is "+
			"waited for; if it was packed, see whether the disk is slow: `xelpack bench`",
			"%s: %s took %s to load", when, l.Slowest, units.Duration(l.SlowestFor)))
	}
	if l.Crashed && len(findings) == 0 {
		findings = append(findings, s.warning("the last lines of Log.txt name the plug-in or file "+
			"at work; it reports no fault of scenery", "%s ends with a crash", when))
	}
	if len(findings) > 0 {
		return findings
	}
	if l.Meshes == 0 {
		return []Finding{s.ok("%s: no flight was loaded", when)}
	}
	return []Finding{s.ok("%s: %s loaded, the slowest in %s (%s); no fault of scenery", when,
		units.Plural(l.Meshes, "DSF"), units.Duration(l.SlowestFor), l.Slowest)}
}

// firstOf lists the first of some names.
func firstOf(some xplane.Some) string {
	text := strings.Join(some.First, ", ")
	if some.Count > len(some.First) {
		text += " …"
	}
	return text
}

// remedyTerrain says what to do about terrain files that X-Plane could not load: whether they are
// there now decides.
func remedyTerrain(x xplane.Install, files []string) string {
	for _, file := range files {
		if !filepath.IsAbs(file) {
			file = filepath.Join(x.Dir, filepath.FromSlash(file))
		}
		if _, err := os.Stat(file); err == nil {
			return "the file is there now: the package was not mounted, or its mount had ended; " +
				"mount before X-Plane starts; if it was mounted, see \"open files\" above"
		}
	}
	return "the package's mesh names terrain that it lacks: mount the package, or install it again"
}
