package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/shell"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
)

// Scenery checks a scenery package, or the error from opening it.
func Scenery(ctx context.Context, dir string, p *scenery.Package, err error) Finding {
	const s = subject("scenery")
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s.failure("check the path; name the folder that contains \"Earth nav data\"", "%v",
			err)
	case err != nil:
		return s.failure("name the folder that contains \"Earth nav data\" and \"terrain\"", "%v",
			err)
	case len(p.Textures()) == 0 && p.SkippedCount() > 0:
		return s.failure("repair these files, or install the package again",
			"%s: no ground texture that can be used: %s", dir, p.SkippedText())
	case len(p.Textures()) == 0:
		return s.failure("name an ortho package, such as AutoOrtho, XEarthLayer or Ortho4XP make",
			"%s: its terrain names no ground texture", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "Earth nav data")); err != nil {
		return s.failure("name the folder that contains \"Earth nav data\"", "%s: no mesh: %v", dir,
			err)
	}
	if broken, total := brokenMeshes(ctx, dir); len(broken) > 0 {
		return s.failure("install the package again: X-Plane shows no ground of it there",
			"%s: %d of %s cannot be read: %s", dir, len(broken),
			units.Plural(total, "mesh file"), broken[0])
	}
	text := fmt.Sprintf("%s: %s named by %s", dir, units.Plural(len(p.Textures()), "texture"),
		units.Plural(p.Terrains(), "terrain file"))
	if n := p.SkippedCount(); n > 0 {
		return s.warning("repair these files, or install the package again: their textures are "+
			"neither packed nor made live", "%s; %s cannot be used: %s", text,
			units.Plural(n, "terrain file"), p.SkippedText())
	}
	return s.ok("%s", text)
}

// brokenMeshes returns why mesh files of a package are none, in order, and how many it has.
func brokenMeshes(ctx context.Context, dir string) (broken []string, total int) {
	meshes, _ := scenery.Meshes(ctx, dir) // whatever can be listed
	for _, file := range slices.Sorted(maps.Values(meshes)) {
		if err := scenery.CheckDSF(file); err != nil {
			broken = append(broken, words.Sprintf("%s: %v", file, err))
		}
	}
	return broken, len(meshes)
}

// Archive opens an archive and checks its state. It does not check the textures; verify does.
func Archive(ctx context.Context, file string) (a *mbtiles.Archive, f Finding) {
	const s = subject("archive")
	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		return nil, s.failure(remedyArchive(err, file), "%v", err)
	}
	if err := a.NoPatch(); err != nil {
		return nil, s.failure("apply the patch, and mount the result", "%v",
			errors.Join(err, a.Close()))
	}
	info, err := a.Info(ctx)
	switch {
	case err != nil:
		return a, s.failure(remedyArchive(err, file), "%v", err)
	case info.State != "complete":
		return a, s.warning("run the same build again: it continues where it stopped",
			"%s: not finished: %d textures", file, info.Textures)
	case info.Holes > 0:
		return a, s.warning("fetch them again: "+shell.Command("xelpack", "repair", file),
			"%s: holes: %d of %d textures lack %d chunks", file, info.Holes, info.Textures,
			info.Failed)
	case info.Textures == 0:
		return a, s.warning("build it again", "%s: no textures", file)
	default:
		return a, s.ok("%s: %d textures, %s; `xelpack verify` reads them all", file, info.Textures,
			gb(info.FileBytes))
	}
}

func remedyArchive(err error, file string) string {
	switch {
	case errors.Is(err, mbtiles.ErrUnfinished):
		return "run the same build again: it continues where it stopped"
	case errors.Is(err, os.ErrNotExist):
		return "check the path"
	case errors.Is(err, mbtiles.ErrVersion):
		return "update xelpack"
	case errors.Is(err, mbtiles.ErrNotArchive):
		return "name a file made by `xelpack build`"
	default:
		return "copy it again from its source, or build it again; to see what is damaged and " +
			"whether it can be repaired: " +
			shell.Command("xelpack", "verify", file)
	}
}

// Coverage reports how much of what the scenery names is packed, and whether a mount never needs a
// provider because nothing is left to be made live.
func Coverage(packages []*scenery.Package, archives []*mbtiles.Archive) (f Finding, whole bool) {
	const s = subject("coverage")
	named, packed, real := 0, 0, 0
	for _, p := range packages {
		for _, t := range p.Textures() {
			named++
			held := func(a *mbtiles.Archive) bool { _, ok := a.Lookup(t.Key()); return ok }
			switch {
			case slices.ContainsFunc(archives, held):
				packed++
			case t.Real:
				real++
			}
		}
	}
	whole = len(archives) > 0 && packed+real == named // without scenery nothing is made live
	switch {
	case named == 0 || len(archives) == 0:
		return s.skipped("give an archive and --scenery to compare them"), whole
	case whole:
		return s.ok("all %d textures that the scenery names are packed or real files", named), whole
	case packed == 0:
		return s.warning("build the archive with the same --scenery: place, zoom level and "+
			"maptype must match", "none of the %d textures that the scenery names is packed: all "+
			"are made live", named), whole
	default:
		return s.ok("%d of %d textures that the scenery names are packed; the others are made live",
			packed, named), whole
	}
}

// Provider reports the result of one request to the provider. A failure matters less if nothing
// needs the provider.
func Provider(id string, said string, err error, needed bool) Finding {
	const s = subject("provider")
	if err != nil && !needed {
		return s.warning("you can fly: everything that the mount serves is packed; before the "+
			"next build, check the network, the provider's address and the token", "%s: %v", id,
			err)
	}
	if err != nil {
		return s.failure("check the network, the provider's address and the token, or choose "+
			"another --provider; archived textures need none", "%s: %v", id, err)
	}
	return s.ok("%s: %s", id, said)
}

// notAsked is the finding for a provider that was not asked.
func notAsked(why string) Finding { return subject("provider").skipped(why) }
