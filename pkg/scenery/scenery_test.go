package scenery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/scenery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMain(m *testing.M) { patience.Main(m) }

// makePackage writes files, given by slash-separated path and content, into a new folder.
func makePackage(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string) *scenery.Package {
	t.Helper()
	p, err := scenery.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ter is a terrain file that names base.
func ter(base string) string {
	return "A\n800\nTERRAIN\n\nLOAD_CENTER 43.5 1.1 1780 4096\nBASE_TEX_NOWRAP " + base +
		"\nNO_ALPHA\n"
}

func TestOpenSyntheticPackage(t *testing.T) {
	made, err := scenerytest.Make(t.TempDir(), scenerytest.Options{Real: 3})
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, made.Dir)
	var got, real []tiles.Texture
	masks := 0
	for _, n := range p.Textures() {
		got = append(got, n.Texture)
		if n.Real {
			real = append(real, n.Texture)
		}
		if n.Mask {
			masks++
		}
		if n.File != n.Texture.File() {
			t.Errorf("%v is spelled %q", n.Texture, n.File)
		}
	}
	if diff := cmp.Diff(made.Textures, got); diff != "" {
		t.Errorf("textures (-made +read):\n%s", diff)
	}
	if diff := cmp.Diff(made.Real, real); diff != "" {
		t.Errorf("real textures (-made +read):\n%s", diff)
	}
	// 221 textures touch this cell (domain §1); one gives way to the 16 of the airport's zone.
	if len(got) != 221-1+16 {
		t.Errorf("%d textures, want %d", len(got), 221-1+16)
	}
	if masks == 0 || masks == len(got) {
		t.Errorf("%d of %d textures need a mask", masks, len(got))
	}
	if p.Terrains() != made.Terrains || p.SkippedCount() != 0 {
		t.Errorf("%d terrain files read and %d skipped, want %d and 0: %v", p.Terrains(),
			p.SkippedCount(), made.Terrains, p.Skipped())
	}
	if p.Dir() != made.Dir {
		t.Errorf("Dir is %q, want %q", p.Dir(), made.Dir)
	}
}

func TestTerrainForms(t *testing.T) {
	const tex = "23952_33712_BI16.dds"
	for _, tt := range []struct {
		name, file, text string
		want             string // File; empty when it is no candidate
		mask             bool
	}{
		{"as Ortho4XP writes it", "a.ter", ter("../textures/" + tex), tex, false},
		{"CRLF", "a.ter", strings.ReplaceAll(ter("../textures/"+tex), "\n", "\r\n"), tex, false},
		{"old Mac line endings", "a.ter", strings.ReplaceAll(ter("../textures/"+tex), "\n", "\r"),
			tex, false},
		{"repeating texture", "a.ter", "A\n800\nTERRAIN\n\nBASE_TEX ../textures/" + tex + "\n", tex,
			false},
		{"any order", "a.ter",
			"A\n800\nTERRAIN\n\nWET\nSUPER_ROUGHNESS 1.0\nBASE_TEX ../textures/" + tex +
				"\nLOAD_CENTER 1 2 3 4\n", tex, false},
		{"blanks and tabs", "a.ter", "A\n800\nTERRAIN\n\n \tBASE_TEX\t \t../textures/" + tex +
			" \t\nWET", tex, false},
		{"no line end", "a.ter", "A\n800\nTERRAIN\nBASE_TEX ../textures/" + tex, tex, false},
		{"back slashes", "a.ter", ter(`..\textures\` + tex), tex, false},
		{"detours inside the package", "a.ter", ter("../terrain/.././textures/" + tex), tex, false},
		{"folder in capitals", "a.ter", ter("../Textures/" + tex), tex, false},
		{"name in capitals", "A.TER", ter("../textures/23952-33712-bi16.DDS"),
			"23952-33712-bi16.DDS", false},
		{"what it is called does not count", "95824_134848_BI18.ter", ter("../textures/" + tex),
			tex, false},
		{"maptype with odd characters", "a.ter", ter("../textures/23952_33712_My_Prov@16.dds"),
			"23952_33712_My_Prov@16.dds", false},
		{"the first of two", "a.ter", ter("../textures/"+tex) +
			"BASE_TEX ../textures/23952_33728_BI16.dds\n", tex, false},
		{"water mask of the sea", "a_sea.ter", ter("../textures/"+tex) + "WATER_COLOR_MASK\n", tex,
			true},
		{"water mask of the overlay", "a_SEA_overlay.ter",
			ter("../textures/"+tex) + "WATER_COLOR_MASK\n", tex, true},
		{"sea without water mask", "a_sea.ter", ter("../textures/" + tex), tex, false},
		{"water mask on land", "a.ter", ter("../textures/"+tex) + "WATER_COLOR_MASK\n", tex, false},
		{"other imagery, PNG", "a.ter", ter("../textures/grass.png"), "", false},
		{"mask name, PNG", "a.ter", ter("../textures/23952_33712_ZL16.png"), "", false},
		{"shared mask", "a.ter", ter("../textures/water_transition.png"), "", false},
		{"mask name", "a.ter", ter("../textures/23952_33712_ZL16.dds"), "", false},
		{"misaligned", "a.ter", ter("../textures/23953_33712_BI16.dds"), "", false},
		{"other imagery", "a.ter", ter("../textures/grass.dds"), "", false},
		{"no texture", "a.ter", "A\n800\nTERRAIN\n\nCOMPOSITE_TEX x.dds\n", "", false},
		{"empty name", "a.ter", "A\n800\nTERRAIN\n\nBASE_TEX\n", "", false},
		{"commented out", "a.ter", "A\n800\nTERRAIN\n\n# BASE_TEX ../textures/" + tex + "\n", "",
			false},
		{"keyword that only begins like it", "a.ter",
			"A\n800\nTERRAIN\n\nBASE_TEXTURE ../textures/" + tex + "\n", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, makePackage(t, map[string]string{"terrain/" + tt.file: tt.text}))
			if p.SkippedCount() != 0 || p.Terrains() != 1 {
				t.Errorf("%d terrain files read, skipped %v", p.Terrains(), p.Skipped())
			}
			if tt.want == "" {
				if len(p.Textures()) != 0 {
					t.Errorf("named %v, want nothing", p.Textures())
				}
				return
			}
			texture, err := tiles.ParseName(tt.want)
			if err != nil {
				t.Fatal(err)
			}
			want := []scenery.Named{{Texture: texture, File: tt.want, Mask: tt.mask}}
			if diff := cmp.Diff(want, p.Textures()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	const tex = "23952_33712_BI16.dds"
	for _, tt := range []struct{ name, text, what string }{
		{"absolute", ter("/textures/" + tex), "absolute path"},
		{"absolute with back slashes", ter(`\textures\` + tex), "absolute path"},
		{"drive letter", ter(`C:\X-Plane\` + tex), "absolute path"},
		{"leaves the package", ter("../../other/textures/" + tex), "leaves the package"},
		{"leaves it by a detour", ter(`..\textures\..\..\textures\` + tex), "leaves the package"},
		{"leaves it and is no ortho", ter("../../grass.png"), "leaves the package"},
		{"other folder", ter("../textures2/" + tex), "not in the package's textures folder"},
		{"folder below", ter("../textures/low/" + tex), "not in the package's textures folder"},
		{"beside the terrain", ter(tex), "not in the package's textures folder"},
		{"PNG", ter("../textures/23952_33712_BI16.png"), "does not end in .dds"},
		{"BMP in capitals", ter("..\\textures\\23952_33712_BI16.BMP"), "does not end in .dds"},
		{"KTX2", ter("../textures/23952_33712_BI16.ktx2"), "does not end in .dds"},
		{"no ending", ter("../textures/23952_33712_BI16"), "does not end in .dds"},
		{"in quotes", ter("\"../textures/" + tex + "\""), "does not end in .dds"},
		{"comment behind it", ter("../textures/" + tex + " # ground"), "does not end in .dds"},
		{"very long name", ter("/" + strings.Repeat("x", 60_000)), "xxx…"},
		{"empty", "", "not a terrain file"},
		{"binary", "\x00\x01\x02\xff", "not a terrain file"},
		{"too long", "A\n800\nTERRAIN\n" + strings.Repeat("#", 64<<10) + "\nBASE_TEX ../textures/" +
			tex, "no BASE_TEX in its first 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, makePackage(t,
				map[string]string{"terrain/a.ter": tt.text,
					"terrain/good.ter": ter("../textures/" + tex)}))
			if len(p.Textures()) != 1 || p.SkippedCount() != 1 || len(p.Skipped()) != 1 ||
				p.Terrains() != 1 {
				t.Fatalf("textures %v, skipped %v; want one each", p.Textures(), p.Skipped())
			}
			if got := p.Skipped()[0]; got.File != "terrain/a.ter" ||
				!strings.Contains(got.String(), tt.what) {
				t.Errorf("skipped %v, want terrain/a.ter: …%s…", got, tt.what)
			}
		})
	}
}

// Terrain files as they are in the field: upper case, CRLF, back slashes, sub-folders, and what
// names no .dds, which was passed over without a word.
func TestVariants(t *testing.T) {
	p := open(t, filepath.Join("testdata", "ter-variants"))
	var files, skipped []string
	for _, n := range p.Textures() {
		files = append(files, n.File)
	}
	for _, problem := range p.Skipped() {
		skipped = append(skipped, fmt.Sprintf("%s (%s)", problem, problem.Kind))
	}
	if diff := cmp.Diff([]string{
		"23952_32960_BI16.dds", "23952_32992_BI16.DDS", "23952_33008_bi16.dds",
		"23968_32960_Arc16.dds", "23968_32992_BI16.dds", "23984_32960_BI16.dds",
	}, files); diff != "" {
		t.Errorf("textures (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		`terrain/23952_32976_BI16.ter: BASE_TEX "../textures/23952_32976_BI16.png" does not end in .dds (a texture that is not a .dds file)`,
		`terrain/23968_32976_BI16.ter: BASE_TEX "../textures/23968_32976_BI16.dds # ground" does not end in .dds (a texture that is not a .dds file)`,
		`terrain/23968_33008_BI16.ter: BASE_TEX "\"../textures/23968_33008_BI16.dds\"" does not end in .dds (a texture that is not a .dds file)`,
	}, skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	const text = `3 with a texture that is not a .dds file (terrain/23952_32976_BI16.ter: `
	if got := p.SkippedText(); !strings.HasPrefix(got, text) {
		t.Errorf("got %q, want it to begin %q", got, text)
	}
}

func TestManyProblemsAreCounted(t *testing.T) {
	files := map[string]string{}
	for i := range scenery.MaxProblems + 200 {
		files[fmt.Sprintf("terrain/%d.ter", i)] = "junk"
	}
	p := open(t, makePackage(t, files))
	if p.SkippedCount() != len(files) || len(p.Skipped()) != scenery.MaxProblems {
		t.Errorf("%d skipped, %d kept; want %d and %d", p.SkippedCount(), len(p.Skipped()),
			len(files), scenery.MaxProblems)
	}
}

func TestUnreadableThings(t *testing.T) {
	const tex = "23952_33712_BI16.dds"
	dir := makePackage(t, map[string]string{"terrain/good.ter": ter("../textures/" + tex),
		"terrain/sub/deep.ter": ter("../../textures/23952_33728_BI16.dds")})
	terrain := filepath.Join(dir, "terrain")
	for name, target := range map[string]string{
		"loop.ter":     "loop.ter",
		"dangling.ter": "nowhere.ter",
		"back":         ".",
		"sub/up":       "../..",
		"linked.ter":   "good.ter",
	} {
		if err := os.Symlink(target, filepath.Join(terrain, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	mkfifo(t, filepath.Join(terrain, "pipe.ter"))
	p := open(t, dir)
	var files []string
	for _, problem := range p.Skipped() {
		files = append(files, problem.File)
		if strings.Contains(problem.What, dir) {
			t.Errorf("%v names the file twice", problem)
		}
	}
	want := []string{"terrain/back", "terrain/dangling.ter", "terrain/loop.ter", "terrain/pipe.ter",
		"terrain/sub/up"}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if p.Terrains() != 3 || len(p.Textures()) != 2 {
		t.Errorf("%d terrain files name %v; want 3 and two textures", p.Terrains(), p.Textures())
	}
}

func TestSeveralSpellings(t *testing.T) {
	dir := makePackage(t, map[string]string{
		"Terrain/a.ter": ter("../textures/23952_33712_bi16.dds"),
		"Terrain/b.ter": ter("../textures/23952_33712_BI16.dds"),
		"Terrain/c_sea.ter": ter("../textures/23952_33712_Bi16.dds") +
			"WATER_COLOR_MASK\n",
		"Terrain/d.ter":                  ter("../textures/23952_33712_GO216.dds"),
		"Terrain/notes.txt":              "not terrain",
		"TEXTURES/23952_33712_go216.DDS": "real",
		"TEXTURES/23952_33712_ZL16.png":  "mask",
	})
	if err := os.Mkdir(filepath.Join(dir, "TEXTURES", "23952_33712_BI16.dds"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere",
		filepath.Join(dir, "TEXTURES", "23952_33712_Bi16.dds")); err != nil {
		t.Fatal(err)
	}
	p := open(t, dir)
	square := tiles.Texture{Row: 23952, Col: 33712, ZL: 16}
	bi, go2 := square, square
	bi.Maptype, go2.Maptype = "BI", "GO2"
	want := []scenery.Named{{Texture: bi, File: "23952_33712_BI16.dds", Mask: true},
		{Texture: go2, File: "23952_33712_GO216.dds", Real: true}}
	if diff := cmp.Diff(want, p.Textures()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	for _, maptype := range []string{"BI", "bi", "Bi"} {
		key := square
		key.Maptype = maptype
		if n, ok := p.Lookup(key.Key()); !ok || n != want[0] {
			t.Errorf("Lookup of %s: %v, %v", maptype, n, ok)
		}
	}
	if n, ok := p.Lookup(go2.Key()); !ok || n != want[1] {
		t.Errorf("Lookup of GO2: %v, %v", n, ok)
	}
	for _, absent := range []tiles.Texture{{Row: 23952, Col: 33712, ZL: 16, Maptype: "ARC"},
		{Row: 23968, Col: 33712, ZL: 16, Maptype: "BI"}} {
		if n, ok := p.Lookup(absent.Key()); ok {
			t.Errorf("Lookup of %v: %v", absent, n)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		dir  func(t *testing.T) string
		want error
		text string
	}{
		{"missing", func(t *testing.T) string { return filepath.Join(t.TempDir(), "missing") },
			os.ErrNotExist, "missing"},
		{"a file", func(t *testing.T) string {
			return filepath.Join(makePackage(t, map[string]string{"f": ""}), "f")
		}, syscall.ENOTDIR, "/f"},
		{"empty", func(t *testing.T) string { return t.TempDir() }, scenery.ErrNoTerrain,
			"Earth nav data"},
		{"no terrain files", func(t *testing.T) string {
			return makePackage(t, map[string]string{"terrain/readme.txt": ""})
		}, scenery.ErrNoTerrain, "Earth nav data"},
		{"the terrain folder itself", func(t *testing.T) string {
			return filepath.Join(makePackage(t,
				map[string]string{"terrain/a.ter": ter("../textures/23952_33712_BI16.dds")}),
				"terrain")
		}, scenery.ErrNoTerrain, "own folder"},
		{"terrain is a file", func(t *testing.T) string {
			return makePackage(t, map[string]string{"terrain": ""})
		}, syscall.ENOTDIR, "terrain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tt.dir(t)
			_, err := scenery.Open(t.Context(), dir)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), dir) ||
				!strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %v; want one that wraps %v and names %s and %q", err, tt.want, dir,
					tt.text)
			}
		})
	}
}

func TestOpenIsCancelled(t *testing.T) {
	made, err := scenerytest.Make(t.TempDir(), scenerytest.Options{NoMasks: true})
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := scenery.Open(ctx, made.Dir); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// What was installed from an archive is not the package's own, unless the package had a file of
// that name before: a plan for the next flight must have it.
func TestInstalledIsNotReal(t *testing.T) {
	dir := t.TempDir()
	made, err := scenerytest.Make(dir, scenerytest.Options{Limit: 4, AirportMax: -1, Real: 3})
	if err != nil {
		t.Fatal(err)
	}
	list := manifest.Manifest{Files: []manifest.File{
		{Name: strings.ToUpper(made.Textures[0].Name()) + ".dds"},
		{Name: made.Textures[1].File(), Before: &manifest.Content{Size: 1}},
	}}
	body, err := list.Encode()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "textures", manifest.Folder)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, manifest.Name), body, 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := scenery.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var real []bool
	for _, n := range p.Textures() {
		real = append(real, n.Real)
	}
	if diff := cmp.Diff([]bool{false, true, true, false}, real); diff != "" {
		t.Errorf("real (-want +got):\n%s", diff)
	}
}
