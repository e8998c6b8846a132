package scenery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func openWith(t *testing.T, dir string, o scenery.Options) *scenery.Package {
	t.Helper()
	p, err := scenery.OpenWith(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func makeScenery(t *testing.T, o scenerytest.Options) *scenerytest.Package {
	t.Helper()
	made, err := scenerytest.Make(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// settle sets back when the folders of a package were changed, as if it had lain there for an hour.
func settle(t testing.TB, dir string) {
	t.Helper()
	for _, sub := range []string{".", "terrain", "textures", "terrain/more"} {
		path := filepath.Join(dir, sub)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		then := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
}

// writeFile writes a file and the folders above it.
func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// around is four cells with textures on all borders.
var around = tiles.Box{West: 4.9, South: 42.9, East: 5.1, North: 43.1}

func everyCell(scenery.Cell) bool { return true }

func TestMeshesAndTerrainAgree(t *testing.T) {
	made := makeScenery(t, scenerytest.Options{Box: around, Real: 2})
	all, listed := open(t, made.Dir), openWith(t, made.Dir, scenery.Options{Cells: everyCell})
	if diff := cmp.Diff(all.Textures(), listed.Textures()); diff != "" {
		t.Errorf("textures (-terrain folder +meshes):\n%s", diff)
	}
	if all.Terrains() != listed.Terrains() || listed.SkippedCount() != 0 {
		t.Errorf("%d terrain files by folder, %d by meshes; skipped %v", all.Terrains(),
			listed.Terrains(), listed.Skipped())
	}
}

func TestCellsLimitWhatIsRead(t *testing.T) {
	made := makeScenery(t, scenerytest.Options{Box: around})
	all := open(t, made.Dir)
	for _, cell := range []scenery.Cell{{Lat: 42, Lon: 4}, {Lat: 42, Lon: 5}, {Lat: 43, Lon: 4},
		{Lat: 43, Lon: 5}} {
		p := openWith(t, made.Dir,
			scenery.Options{Cells: func(c scenery.Cell) bool { return c == cell }})
		var want []scenery.Named
		for _, n := range all.Textures() {
			b := n.Box()
			if b.East > float64(cell.Lon) && b.West < float64(cell.Lon+1) &&
				b.North > float64(cell.Lat) && b.South < float64(cell.Lat+1) {
				want = append(want, n)
			}
		}
		if diff := cmp.Diff(want, p.Textures()); diff != "" || len(want) == 0 ||
			len(want) == len(all.Textures()) {
			t.Errorf("%v: %d textures of %d (-want +got):\n%s", cell, len(want),
				len(all.Textures()), diff)
		}
	}
	if p := openWith(t, made.Dir,
		scenery.Options{Cells: func(scenery.Cell) bool { return false }}); len(p.Textures()) != 0 ||
		p.SkippedCount() != 0 {
		t.Errorf("no cell wanted: %d textures, skipped %v", len(p.Textures()), p.Skipped())
	}
}

func TestWhatMeshesList(t *testing.T) {
	const dsf = "Earth nav data/+40+000/+43+005.dsf"
	tex := func(i int) string {
		return []string{"23952_33712_BI16.dds", "23952_33728_BI16.dds", "23952_33744_BI16.dds"}[i]
	}
	mesh := scenerytest.DSF(testBox, []string{
		"terrain/a.ter", `TERRAIN\sub\b.ter`, "terrain/./sub/../a.ter", // all in the package
		// problems
		"terrain/missing.ter", "../other/terrain/c.ter", "/terrain/c.ter", `C:\c.ter`,
		"terrain/../../c.ter",
		// of the library, or nothing
		"lib/g10/terrain10/x.ter", "terrain_Water", "", "terrain/not-terrain.txt",
	})
	dir := makePackage(t, map[string]string{
		"terrain/a.ter":                      ter("../textures/" + tex(0)),
		"terrain/sub/b.ter":                  ter("../../textures/" + tex(1)),
		"terrain/unlisted.ter":               ter("../textures/" + tex(2)),
		dsf:                                  string(mesh),
		"Earth nav data/+40+000/+43+006.dsf": "damaged",
		"Earth nav data/+40+000/+99+006.dsf": "no cell",
		"Earth nav data/+40+000/readme.txt":  "no mesh",
		"Earth nav data/apt.dat":             "no folder",
	})
	p := openWith(t, dir, scenery.Options{Cells: everyCell})
	var files, problems []string
	for _, n := range p.Textures() {
		files = append(files, n.File)
	}
	for _, problem := range p.Skipped() {
		problems = append(problems, problem.String())
	}
	if diff := cmp.Diff([]string{tex(0), tex(1)}, files); diff != "" {
		t.Errorf("textures (-want +got):\n%s", diff)
	}
	want := []string{
		dsf + `: it lists terrain outside the package: "../other/terrain/c.ter"`,
		dsf + `: it lists terrain outside the package: "/terrain/c.ter"`,
		dsf + `: it lists terrain outside the package: "C:\\c.ter"`,
		dsf + `: it lists terrain outside the package: "terrain/../../c.ter"`,
		"Earth nav data/+40+000/+43+006.dsf: not a usable DSF: it does not start with XPLNEDSF",
		"terrain/missing.ter: cannot be read: no such file or directory",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

// Meshes packed by 7z itself, which names the same terrain as before.
func TestCompressedMeshes(t *testing.T) {
	tool, err := exec.LookPath("7z")
	if err != nil {
		t.Skip("7z is not installed (Debian package p7zip-full)")
	}
	made := makeScenery(t, scenerytest.Options{Box: around})
	west := scenery.Options{Cells: func(c scenery.Cell) bool { return c.Lon == 4 }}
	want := openWith(t, made.Dir, west)
	for _, file := range made.DSFs {
		packed := file + ".7z"
		if out, err := exec.CommandContext(t.Context(), tool, "a", "-bd", packed,
			file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := os.Rename(packed, file); err != nil {
			t.Fatal(err)
		}
	}
	got := openWith(t, made.Dir, west)
	if diff := cmp.Diff(want.Textures(), got.Textures()); diff != "" || got.SkippedCount() != 0 ||
		len(got.Textures()) == 0 {
		t.Errorf("skipped %v; -plain +packed:\n%s", got.Skipped(), diff)
	}
}

// What cannot be unpacked leaves the terrain folder as the only witness.
func TestDamagedCompressedMeshes(t *testing.T) {
	made := makeScenery(t, scenerytest.Options{Box: around})
	all := open(t, made.Dir)
	for _, file := range made.DSFs {
		plain, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, file, "7z\xbc\xaf\x27\x1c"+string(plain))
	}
	p := openWith(t, made.Dir,
		scenery.Options{Cells: func(c scenery.Cell) bool { return c.Lon == 4 }})
	if len(p.Textures()) != len(all.Textures()) || p.SkippedCount() != 0 {
		t.Errorf("%d textures, want all %d; skipped %v", len(p.Textures()), len(all.Textures()),
			p.Skipped())
	}
}

// packed.dsf is a mesh over +43+005 that lists two terrain files, packed by 7z 16.02.
func TestReadCompressedDSF(t *testing.T) {
	d, err := scenery.ReadDSF("testdata/packed.dsf")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"terrain_Water", "terrain/23952_33712_BI16.ter",
		"terrain/23952_33728_BI16.ter"}
	if diff := cmp.Diff(want, d.Terrains); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if box, ok := d.Box(); !ok || box != testBox {
		t.Errorf("box %v, %v", box, ok)
	}
}

func TestCacheSparesTheScan(t *testing.T) {
	made, cache := makeScenery(t, scenerytest.Options{Real: 3}), filepath.Join(t.TempDir(), "deep",
		"cache")
	writeFile(t, filepath.Join(made.Dir, "terrain", "broken.ter"), "junk")
	writeFile(t, filepath.Join(made.Dir, "terrain", "more", "sub.ter"),
		ter("../../textures/23952_33712_GO216.dds"))
	settle(t, made.Dir)
	o := scenery.Options{Cache: cache}

	first := openWith(t, made.Dir, o)
	if first.Cached() || first.CacheError() != nil {
		t.Fatalf("first time: cached %v, error %v", first.Cached(), first.CacheError())
	}
	second := openWith(t, made.Dir, o)
	if !second.Cached() {
		t.Error("second time: the terrain was read again")
	}
	same := func(what string, p *scenery.Package) {
		t.Helper()
		if diff := cmp.Diff(first.Textures(), p.Textures()); diff != "" {
			t.Errorf("%s: textures (-first +now):\n%s", what, diff)
		}
		if p.Terrains() != first.Terrains() || p.SkippedCount() != 1 ||
			cmp.Diff(first.Skipped(), p.Skipped()) != "" || p.Dir() != made.Dir {
			t.Errorf("%s: %d terrain files, skipped %v, dir %s", what, p.Terrains(), p.Skipped(),
				p.Dir())
		}
	}
	same("from the cache", second)
	if p := openWith(t, made.Dir, scenery.Options{Cache: cache, Refresh: true}); p.Cached() {
		t.Error("Refresh took the index")
	} else {
		same("refreshed", p)
	}
	if p := open(t, made.Dir); p.Cached() {
		t.Error("Open took the index")
	}
	if left, err := filepath.Glob(filepath.Join(cache, "*.part")); err != nil || len(left) != 0 {
		t.Errorf("left in the cache: %v, %v", left, err)
	}
}

func TestCacheNoticesChanges(t *testing.T) {
	const extra = "23952_33712_NEW16.dds"
	for name, change := range map[string]func(t *testing.T, dir string){
		"terrain added": func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, "terrain", "new.ter"), ter("../textures/"+extra))
		},
		"terrain below": func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, "terrain", "more", "x.ter"),
				ter("../../textures/"+extra))
		},
		"texture added": func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, "textures", extra), "")
		},
		"textures folder": func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "textures"),
				filepath.Join(dir, "elsewhere")); err != nil {
				t.Fatal(err)
			}
		},
		"terrain removed": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "terrain", "first.ter")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := makePackage(t, map[string]string{
				"terrain/first.ter":             ter("../textures/23952_33712_BI16.dds"),
				"terrain/more/second.ter":       ter("../../textures/23952_33728_BI16.dds"),
				"textures/23952_33712_BI16.dds": "real",
			})
			settle(t, dir)
			o := scenery.Options{Cache: t.TempDir()}
			openWith(t, dir, o)
			if !openWith(t, dir, o).Cached() {
				t.Fatal("not cached before the change")
			}
			change(t, dir)
			p := openWith(t, dir, o)
			if p.Cached() {
				t.Error("the change went unnoticed")
			}
			if diff := cmp.Diff(open(t, dir).Textures(), p.Textures()); diff != "" {
				t.Errorf("textures (-without cache +with):\n%s", diff)
			}
			// A folder that has just changed may change again within the same tick of its clock: it
			// is not kept.
			if openWith(t, dir, o).Cached() {
				t.Error("an index was kept of folders that are not at rest")
			}
		})
	}
}

func TestBadIndexIsRenewed(t *testing.T) {
	dir := makePackage(t, map[string]string{
		"terrain/a.ter": ter("../textures/23952_33712_BI16.dds"),
		"terrain/b.ter": ter("../textures/23952_33728_BI16.dds")})
	settle(t, dir)
	o := scenery.Options{Cache: t.TempDir()}
	want := openWith(t, dir, o).Textures()
	files, err := filepath.Glob(filepath.Join(o.Cache, "*.index"))
	if err != nil || len(files) != 1 {
		t.Fatalf("indexes %v, %v; want one", files, err)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	cuts := map[string]string{"empty": "", "not JSON": "hello\n",
		"other format": strings.Replace(string(good), "index 1", "index 9", 1),
		"longer":       string(good) + "-x\n"}
	for i := range good {
		if i%7 == 0 {
			cuts[fmt.Sprint("cut at ", i)] = string(good[:i])
			flipped := bytes.Clone(good)
			flipped[i] ^= 0x10
			cuts[fmt.Sprint("flipped at ", i)] = string(flipped)
		}
	}
	for name, content := range cuts {
		writeFile(t, files[0], content)
		p := openWith(t, dir, o)
		if diff := cmp.Diff(want, p.Textures()); diff != "" {
			t.Fatalf("%s: textures (-want +got):\n%s", name, diff)
		}
		if !p.Cached() && !openWith(t, dir, o).Cached() {
			t.Errorf("%s: the index was not renewed", name)
		}
	}
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	dir := makePackage(t, map[string]string{
		"terrain/a.ter": ter("../textures/23952_33712_BI16.dds"), "file": ""})
	settle(t, dir)
	p := openWith(t, dir, scenery.Options{Cache: filepath.Join(dir, "file", "cache")})
	if len(p.Textures()) != 1 || p.CacheError() == nil {
		t.Errorf("%d textures, cache error %v; want one and an error", len(p.Textures()),
			p.CacheError())
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/somewhere")
	dir, err := scenery.CacheDir()
	if err != nil || runtime.GOOS == "linux" && dir != "/somewhere/xelpack/scenery" {
		t.Errorf("CacheDir: %s, %v", dir, err)
	}
}

func TestOpenWithIsCancelled(t *testing.T) {
	made := makeScenery(t, scenerytest.Options{Limit: 20})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, o := range map[string]scenery.Options{"cells": {Cells: everyCell},
		"cache": {Cache: t.TempDir()}} {
		if _, err := scenery.OpenWith(ctx, made.Dir, o); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", name, err)
		}
	}
}

// BenchmarkOpen reads a package of 1,000 textures with five terrain files each.
func BenchmarkOpen(b *testing.B) {
	made, err := scenerytest.Make(b.TempDir(),
		scenerytest.Options{Box: tiles.Box{West: 4, South: 42, East: 6, North: 44}, AllKinds: true,
			NoMasks: true, AirportMax: -1})
	if err != nil {
		b.Fatal(err)
	}
	settle(b, made.Dir)
	for _, o := range []struct {
		name string
		scenery.Options
	}{{"cold", scenery.Options{}}, {"cells", scenery.Options{Cells: everyCell}}, {"cached",
		scenery.Options{Cache: b.TempDir()}}} {
		b.Run(o.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := scenery.OpenWith(b.Context(), made.Dir, o.Options); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(made.Terrains), "files/op")
		})
	}
}

// BenchmarkContinental reads 511,000 terrain files (102,000 textures) and then their index:
// XELPACK_BIG=1 go test -run - -bench Continental -benchtime 1x.
func BenchmarkContinental(b *testing.B) {
	if os.Getenv("XELPACK_BIG") == "" {
		b.Skip("writes 511,000 files; set XELPACK_BIG=1 to run it")
	}
	made, err := scenerytest.Make(b.TempDir(),
		scenerytest.Options{Box: tiles.Box{West: -10, South: 36, East: 16, North: 56.5},
			AllKinds: true, NoMasks: true, AirportMax: -1})
	if err != nil {
		b.Fatal(err)
	}
	settle(b, made.Dir)
	cache := b.TempDir()
	alps := func(c scenery.Cell) bool {
		return c.Lat >= 43 && c.Lat < 48 && c.Lon >= 0 && c.Lon < 10
	}
	for _, o := range []struct {
		name string
		scenery.Options
	}{{"cells", scenery.Options{Cells: alps}}, {"scan",
		scenery.Options{Cache: cache, Refresh: true}}, {"index", scenery.Options{Cache: cache}}} {
		b.Run(o.name, func(b *testing.B) {
			terrains := 0
			for b.Loop() {
				p, err := scenery.OpenWith(b.Context(), made.Dir, o.Options)
				if err != nil {
					b.Fatal(err)
				}
				terrains = p.Terrains()
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(terrains), "files/op")
			b.ReportMetric(float64(m.Sys)/(1<<20), "MB-from-system")
		})
	}
}
