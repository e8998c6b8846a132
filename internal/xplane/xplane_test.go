package xplane_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/xplane"
)

// files writes files below dir; a name that ends in a slash is a folder.
func files(t *testing.T, dir string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		path := filepath.Join(dir, filepath.FromSlash(name))
		folder := path
		if !strings.HasSuffix(name, "/") {
			folder = filepath.Dir(path)
		}
		err := os.MkdirAll(folder, 0o777)
		if err == nil && folder != path {
			err = os.WriteFile(path, []byte(text), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// install makes an X-Plane in a folder with a blank and an umlaut.
func install(t *testing.T, texts map[string]string) xplane.Install {
	t.Helper()
	x := xplane.Install{Dir: filepath.Join(t.TempDir(), "Flüge", "X-Plane 12")}
	files(t, x.Dir, map[string]string{"Resources/": "", "Custom Scenery/": ""})
	files(t, x.Dir, texts)
	return x
}

func TestTidy(t *testing.T) {
	const head = "I\n1000 Version\nSCENERY\n\n"
	for name, c := range map[string]struct {
		names        []string
		before, want string
		changes      int
		made         []string
	}{
		"in order": {[]string{"zOrtho"}, head + "SCENERY_PACK Custom Scenery/LFMN/\nSCENERY_PACK Custom Scenery/zOrtho/\n",
			"", 0, nil},
		"below": {[]string{"zOrtho"},
			head + "SCENERY_PACK Custom Scenery/zOrtho/\nSCENERY_PACK Custom Scenery/Library/\nSCENERY_PACK Custom Scenery/LFMN/\nSCENERY_PACK *GLOBAL_AIRPORTS*\n",
			head + "SCENERY_PACK Custom Scenery/LFMN/\nSCENERY_PACK *GLOBAL_AIRPORTS*\nSCENERY_PACK Custom Scenery/zOrtho/\nSCENERY_PACK Custom Scenery/Library/\n",
			2, nil},
		"not listed": {[]string{"zÖrtho west"},
			head + "SCENERY_PACK *GLOBAL_AIRPORTS*",
			head + "SCENERY_PACK *GLOBAL_AIRPORTS*\nSCENERY_PACK Custom Scenery/zÖrtho west/\n",
			2, []string{"zÖrtho west"}},
		"disabled": {[]string{"zortho"},
			head + "SCENERY_PACK_DISABLED Custom Scenery/zOrtho/\n",
			head + "SCENERY_PACK Custom Scenery/zOrtho/\n", 1, nil},
		"CRLF and unknown lines": {[]string{"zOrtho"},
			"I\r\n1000 version\r\nSCENERY\r\n\r\n# mine\r\nSCENERY_PACK Custom Scenery\\zOrtho\\\r\nwhat is this\r\nSCENERY_PACK Custom Scenery/LFMN/",
			"I\r\n1000 version\r\nSCENERY\r\n\r\n# mine\r\nSCENERY_PACK Custom Scenery/LFMN/\r\nSCENERY_PACK Custom Scenery\\zOrtho\\\r\nwhat is this\r\n",
			1, nil},
		"disabled airport stays": {[]string{"zOrtho"},
			head + "SCENERY_PACK Custom Scenery/zOrtho/\nSCENERY_PACK_DISABLED Custom Scenery/LFMN/\n",
			"", 0, nil},
		"folder gone": {[]string{"zGone"},
			head + "SCENERY_PACK Custom Scenery/zGone/\n", "", 1, []string{"zGone"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := install(t, map[string]string{
				"Custom Scenery/scenery_packs.ini": c.before, "Custom Scenery/zOrtho/": "",
				"Custom Scenery/LFMN/Earth nav data/apt.dat": "",
			})
			tidying, err := x.Tidy(c.names)
			if err != nil {
				t.Fatal(err)
			}
			if len(tidying.Changes) != c.changes {
				t.Errorf("changes %q, want %d", tidying.Changes, c.changes)
			}
			applied, err := tidying.Apply(time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(x.OrderFile())
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want == "" {
				want = c.before
			}
			if diff := cmp.Diff(want, string(text)); diff != "" {
				t.Errorf("scenery_packs.ini (-want +got):\n%s", diff)
			}
			if (applied.Backup != "") != (c.want != "") {
				t.Errorf("backup %q", applied.Backup)
			}
			if applied.Backup != "" {
				if kept, err := os.ReadFile(applied.Backup); err != nil || string(kept) != c.before {
					t.Errorf("backup holds %q, %v", kept, err)
				}
			}
			var made []string
			for _, dir := range applied.Folders {
				made = append(made, filepath.Base(dir))
			}
			if diff := cmp.Diff(c.made, made); diff != "" {
				t.Errorf("folders (-want +got):\n%s", diff)
			}
			if again, err := x.Tidy(c.names); err != nil || len(again.Changes) > 0 {
				t.Errorf("after it, still to change: %q, %v", again.Changes, err)
			}
		})
	}
}

// What X-Plane writes while a person thinks about the changes is not lost.
func TestTidyChangedMeanwhile(t *testing.T) {
	x := install(t, map[string]string{"Custom Scenery/scenery_packs.ini": "I\n1000 Version\nSCENERY\n\n"})
	tidying, err := x.Tidy([]string{"zOrtho"})
	if err != nil {
		t.Fatal(err)
	}
	const other = "I\n1000 Version\nSCENERY\n\nSCENERY_PACK Custom Scenery/New/\n"
	files(t, x.Dir, map[string]string{"Custom Scenery/scenery_packs.ini": other})
	if _, err := tidying.Apply(time.Now()); err == nil {
		t.Error("applied all the same")
	}
	if text, _ := os.ReadFile(x.OrderFile()); string(text) != other {
		t.Errorf("scenery_packs.ini is %q", text)
	}
}

func TestPackages(t *testing.T) {
	elsewhere := t.TempDir()
	ortho := map[string]string{"Earth nav data/": "", "terrain/23952_33712_BI16.ter": ""}
	files(t, filepath.Join(elsewhere, "linked"), ortho)
	files(t, filepath.Join(elsewhere, "XPME_Europe"), ortho)
	x := install(t, map[string]string{
		"Custom Scenery/zOrtho4XP_+43+005/Earth nav data/":                     "",
		"Custom Scenery/zOrtho4XP_+43+005/terrain/23952_33712_GO216_water.ter": "",
		"Custom Scenery/Zürich süd/Earth nav data/":                            "",
		"Custom Scenery/Zürich süd/terrain/1_2_BI16.ter":                       "",
		"Custom Scenery/z_ao_eur/Earth nav data/":                              "",
		"Custom Scenery/z_ao_eur/terrain/":                                     "",
		"Custom Scenery/mesh/Earth nav data/":                                  "",
		"Custom Scenery/mesh/terrain/grass.ter":                                "",
		"Custom Scenery/LFMN/Earth nav data/apt.dat":                           "",
		"Custom Scenery/scenery_packs.ini": "I\n1000 Version\nSCENERY\n\nSCENERY_PACK Custom Scenery/LFMN/\n" +
			"SCENERY_PACK_DISABLED Custom Scenery/zOrtho4XP_+43+005/\nSCENERY_PACK " +
			filepath.ToSlash(elsewhere) + "/XPME_Europe/\n",
	})
	if err := os.Symlink(filepath.Join(elsewhere, "linked"), filepath.Join(x.Custom(), "link")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	got, err := x.Packages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	linked, err := filepath.EvalSymlinks(filepath.Join(elsewhere, "linked"))
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(x.Custom(), name) }
	want := []xplane.Package{
		{Name: "zOrtho4XP_+43+005", Dir: in("zOrtho4XP_+43+005"), Number: 2, Disabled: true},
		{Name: "XPME_Europe", Dir: filepath.Join(elsewhere, "XPME_Europe"), Number: 3},
		{Name: "Zürich süd", Dir: in("Zürich süd")},
		{Name: "link", Dir: in("link"), Target: linked},
		{Name: "z_ao_eur", Dir: in("z_ao_eur")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p, err := x.Package(t.Context(), "zürich SÜD"); err != nil || p.Name != "Zürich süd" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := x.Package(t.Context(), "nowhere"); err == nil || !strings.Contains(err.Error(), "Zürich süd") {
		t.Errorf("%v: want the packages that there are", err)
	}
}

func TestNewestPlan(t *testing.T) {
	home := filepath.Join(t.TempDir(), "[home]")
	x := install(t, map[string]string{"Output/FMS plans/A.fms": "", "Output/FMS plans/readme.txt": ""})
	files(t, home, map[string]string{"Dokumente/Little Navmap Dateien/Flugpläne/Ä b.lnmpln": ""})
	now := time.Now()
	for i, file := range []string{
		filepath.Join(x.PlansDir(), "A.fms"),
		filepath.Join(home, "Dokumente/Little Navmap Dateien/Flugpläne/Ä b.lnmpln"),
		filepath.Join(x.PlansDir(), "readme.txt"),
	} {
		when := now.Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	file, _, err := xplane.NewestPlan(append(xplane.NavmapDirs(home), x.PlansDir()))
	if err != nil || filepath.Base(file) != "Ä b.lnmpln" {
		t.Errorf("%q, %v", file, err)
	}
	if file, _, err := xplane.NewestPlan([]string{t.TempDir()}); err == nil {
		t.Errorf("found %q where there is none", file)
	}
}
