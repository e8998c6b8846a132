package install

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/testing/filetest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestInstall(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	b, fileB := pack(t, 256, seedsB)
	dir := newPackage(t)
	before, links := filetest.Tree(t, dir), links(dir)

	if r := mustInstall(t, a, fileA, Options{Scenery: dir, DryRun: true}); r.Installed != 7 ||
		r.Written != 5 || r.Linked != 1 || r.SetAside != 1+links {
		t.Errorf("dry run: %+v", r)
	}
	if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("a dry run changes (-before +after):\n%s", diff)
	}
	r := mustInstall(t, a, fileA, Options{Scenery: dir})
	if r.Installed != 7 || r.Written != 5 || r.Linked != 1 || r.SetAside != 1+links || len(r.Left) > 0 {
		t.Errorf("install: %+v", r)
	}
	check(t, dir, seedsA)
	after := filetest.Tree(t, dir)
	if r := mustInstall(t, a, fileA, Options{Scenery: dir}); r.Installed != 7 ||
		r.Written+r.Linked != 0 {
		t.Errorf("again: %+v", r)
	}
	if diff := cmp.Diff(after, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("again (-once +twice):\n%s", diff)
	}
	if _, err := Install(t.Context(), b, fileB, Options{Scenery: dir}); !errors.Is(err, ErrOther) ||
		!strings.Contains(err.Error(), fileA) {
		t.Errorf("another archive: %v", err)
	}
	// 0 stays, 9 is linked to it; 10 to 8, which is written; 2 is what the package had.
	r = mustInstall(t, b, fileB, Options{Scenery: dir, Switch: true})
	if r.Installed != 8 || r.Written != 4 || r.Linked != 2 || r.Removed != 3 || r.Restored != 1+links ||
		r.SetAside != 2 {
		t.Errorf("switch: %+v", r)
	}
	check(t, dir, seedsB)
	for _, gone := range []int{5, 6} {
		if _, err := os.Lstat(filepath.Join(dir, "textures", name(gone))); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name(gone), err)
		}
	}
	if r := mustUninstall(t, dir); r.Installed != 0 || r.Removed != 7 || r.Restored != 2 ||
		len(r.Left) > 0 {
		t.Errorf("uninstall: %+v", r)
	}
	if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("taken out (-before +after):\n%s", diff)
	}
	if r := mustUninstall(t, dir); r.Removed != 0 {
		t.Errorf("with nothing installed: %+v", r)
	}
}

// What is written, the lists of what is installed included, beside the bytes of the textures of
// which the package has none of equal content.
func TestLeastWriting(t *testing.T) {
	const side, size = 1024, 699_192
	one, two := make(map[int]byte), make(map[int]byte)
	for n := range 20 {
		one[n], two[n] = byte(n), byte(n)
		if n >= 15 {
			two[n] = byte(100 + n)
		}
	}
	delete(two, 3)
	two[50] = 3   // under another name
	two[51] = 115 // twice in the archive
	a, fileA := pack(t, side, one)
	b, fileB := pack(t, side, two)
	dir := newPackage(t)
	put(t, dir, name(5), noise(side, 5)) // that the package has already
	for _, step := range []struct {
		what     string
		textures int64 // that have to be written
		do       func() Report
	}{
		{"install", 19, func() Report { return mustInstall(t, a, fileA, Options{Scenery: dir}) }},
		{"install again", 0, func() Report {
			return mustInstall(t, a, fileA, Options{Scenery: dir})
		}},
		{"switch", 5, func() Report {
			return mustInstall(t, b, fileB, Options{Scenery: dir, Switch: true})
		}},
		{"switch back", 5, func() Report {
			return mustInstall(t, a, fileA, Options{Scenery: dir, Switch: true})
		}},
		{"uninstall", 0, func() Report { return mustUninstall(t, dir) }},
	} {
		got, least := step.do().WrittenBytes, step.textures*size
		t.Logf("%s: %d bytes, least %d", step.what, got, least)
		// 300: a list without a file
		if float64(got) > 1.01*float64(least) && got > 300 || got < least {
			t.Errorf("%s: %d bytes written, least %d", step.what, got, least)
		}
	}
}

// What a user changed after it was installed is the user's: it stays, and what the package had
// before comes back beside it.
func TestChangedByTheUser(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	b, fileB := pack(t, 256, seedsB)
	dir := newPackage(t)
	before := filetest.Tree(t, dir)
	mustInstall(t, a, fileA, Options{Scenery: dir})
	for n := range 5 { // of the same size, so that only the bytes say so
		put(t, dir, name(n), noise(256, byte(200+n)))
	}
	if err := os.Remove(filepath.Join(dir, "textures", name(6))); err != nil {
		t.Fatal(err)
	}
	mine := func(ns ...int) {
		t.Helper()
		for _, n := range ns {
			check(t, dir, map[int]byte{n: byte(200 + n)})
		}
	}
	left := func(r Report) (names []string) {
		for _, l := range r.Left {
			names = append(names, l.File)
		}
		return names
	}
	r := mustInstall(t, a, fileA, Options{Scenery: dir})
	if diff := cmp.Diff([]string{name(0), name(1), name(2), name(3), name(4)},
		left(r)); diff != "" || r.Linked != 1 || r.Installed != 2 {
		t.Errorf("install again: %+v\n%s", r, diff)
	}
	mine(0, 1, 2, 3, 4)
	r = mustInstall(t, b, fileB, Options{Scenery: dir, Switch: true}) // which has no 3
	if diff := cmp.Diff([]string{name(0), name(1), name(2), name(3), name(4)},
		left(r)); diff != "" || r.Installed != 4 {
		t.Errorf("switch: %+v\n%s", r, diff)
	}
	mine(0, 1, 2, 3, 4)
	r = mustUninstall(t, dir)
	if diff := cmp.Diff([]string{name(0), name(1), name(2), name(4)}, left(r)); diff != "" {
		t.Errorf("uninstall: %+v\n%s", r, diff)
	}
	mine(0, 1, 2, 3, 4)

	after := filetest.Tree(t, dir)
	for _, n := range []int{2, 3} {
		path := filepath.Join("textures", name(n))
		if was := after[path+".before-xelpack"]; was != before[path] {
			t.Errorf("%s.before-xelpack: %q, want %q", path, was, before[path])
		}
		delete(after, path+".before-xelpack")
	}
	for n := range 5 {
		delete(before, filepath.Join("textures", name(n)))
		delete(after, filepath.Join("textures", name(n)))
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("all else (-before +after):\n%s", diff)
	}
}

// Two packages with names in common: each is installed into and out of by itself, though equal
// textures share their space.
func TestTwoPackages(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	one := newPackage(t)
	two := filepath.Join(filepath.Dir(one), "yXEL_ortho")
	if err := os.CopyFS(two, os.DirFS(filepath.Join(one, "."))); err != nil {
		t.Fatal(err)
	}
	beforeOne, beforeTwo := filetest.Tree(t, one), filetest.Tree(t, two)
	mustInstall(t, a, fileA, Options{Scenery: one})
	r := mustInstall(t, a, fileA, Options{Scenery: two, Others: Beside(two)})
	if r.Written != 0 || r.Linked != 6 {
		t.Errorf("install into the second: %+v", r)
	}
	put(t, one, name(0), noise(256, 99)) // replaced, as programs replace files
	check(t, two, seedsA)
	if r := mustUninstall(t, one); len(r.Left) != 1 {
		t.Errorf("uninstall of the first: %+v", r)
	}
	check(t, two, seedsA)
	mustUninstall(t, two)
	if diff := cmp.Diff(beforeTwo, filetest.Tree(t, two)); diff != "" {
		t.Errorf("the second (-before +after):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(one, "textures", name(0))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(beforeOne, filetest.Tree(t, one)); diff != "" {
		t.Errorf("the first (-before +after):\n%s", diff)
	}

	// What another package says it has is not believed.
	mustInstall(t, a, fileA, Options{Scenery: one})
	put(t, one, name(0), noise(256, 98))
	if r := mustInstall(t, a, fileA, Options{Scenery: two, Others: Beside(two)}); r.Written != 1 ||
		r.Linked != 5 {
		t.Errorf("install beside a changed texture: %+v", r)
	}
	check(t, two, seedsA)

	// Copies share nothing.
	mustUninstall(t, two)
	if r := mustInstall(t, a, fileA,
		Options{Scenery: two, Others: Beside(two), Copies: true}); r.Written != 6 || r.Linked != 0 {
		t.Errorf("copies: %+v", r)
	}
}

// A textures folder that is a link to another package's is one folder.
func TestSharedFolder(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	b, fileB := pack(t, 256, seedsB)
	one := newPackage(t)
	two := filepath.Join(filepath.Dir(one), "two")
	if err := os.MkdirAll(filepath.Join(two, "terrain"), 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(two, "Textures")
	if err := os.Symlink(filepath.Join(one, "textures"), link); err != nil {
		t.Skipf("this user may not link folders: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(link, "readme.txt")); err != nil {
		t.Skipf("links to folders lead nowhere here, as in wine: %v", err)
	}
	before := filetest.Tree(t, one)
	mustInstall(t, a, fileA, Options{Scenery: one})
	if _, err := Install(t.Context(), b, fileB, Options{Scenery: two}); !errors.Is(err, ErrOther) {
		t.Errorf("install of another archive: %v", err)
	}
	mustUninstall(t, two)
	if diff := cmp.Diff(before, filetest.Tree(t, one)); diff != "" {
		t.Errorf("taken out (-before +after):\n%s", diff)
	}
}

func TestDamagedList(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	for what, tc := range map[string]struct {
		damage func([]byte) []byte
		err    error
	}{
		"empty":     {func([]byte) []byte { return nil }, manifest.ErrDamaged},
		"cut short": {func(b []byte) []byte { return b[:len(b)/2] }, manifest.ErrDamaged},
		"a bit of a hash": {func(b []byte) []byte {
			b[bytes.Index(b, []byte("sha256"))+12] ^= 1
			return b
		}, manifest.ErrDamaged},
		"a name outside": {func(b []byte) []byte {
			return bytes.Replace(b, []byte(name(0)), []byte("../../../"+name(0)), 1)
		}, manifest.ErrDamaged},
		"something else": {func([]byte) []byte { return []byte(`{"a": 1}`) }, manifest.ErrDamaged},
		"a later version": {func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"version":1`), []byte(`"version":2`), 1)
		}, manifest.ErrVersion},
	} {
		t.Run(what, func(t *testing.T) {
			dir := newPackage(t)
			before := filetest.Tree(t, dir)
			mustInstall(t, a, fileA, Options{Scenery: dir})
			list := filepath.Join(dir, "textures", manifest.Folder, manifest.Name)
			body, err := os.ReadFile(list)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(list, tc.damage(body), 0o666); err != nil {
				t.Fatal(err)
			}
			after := filetest.Tree(t, dir)
			_, err = Install(t.Context(), a, fileA, Options{Scenery: dir})
			_, errUn := Uninstall(t.Context(), Options{Scenery: dir})
			if !errors.Is(err, tc.err) || !errors.Is(errUn, tc.err) {
				t.Errorf("install: %v; uninstall: %v", err, errUn)
			}
			if diff := cmp.Diff(after, filetest.Tree(t, dir)); diff != "" {
				t.Errorf("something was changed (-before +after):\n%s", diff)
			}
			if tc.err != manifest.ErrDamaged {
				return
			}
			if _, err := Uninstall(t.Context(), Options{Scenery: dir, Known: a}); err != nil {
				t.Fatal(err)
			}
			// That the package had a texture of its own that equals the archive's, only the list
			// said.
			delete(before, filepath.Join("textures", name(1)))
			if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
				t.Errorf("taken out (-before +after):\n%s", diff)
			}
		})
	}
}

// A texture stands under the name that the package has for it, in whatever case, or that its
// terrain names.
func TestNamesThatDifferInCase(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	dir := newPackage(t)
	textures := filepath.Join(dir, "textures")
	lower := func(n int) string { return strings.ToLower(name(n)) }
	// Not renamed: wine renames nothing to a name that differs in case only.
	if err := errors.Join(os.Remove(filepath.Join(textures, name(2))),
		os.WriteFile(filepath.Join(textures, lower(2)), noise(256, 100), 0o640)); err != nil {
		t.Fatal(err)
	}
	before := filetest.Tree(t, dir)
	spelled := func(k tiles.Key) (string, bool) { return lower(4), int(k.Col) == 33712+16*4 }
	mustInstall(t, a, fileA, Options{Scenery: dir, Name: spelled})
	got := filetest.Tree(t, dir)
	for _, want := range []string{lower(2), lower(4), name(5)} {
		if _, there := got[filepath.Join("textures", want)]; !there {
			t.Errorf("%s is not there", want)
		}
	}
	for _, not := range []string{name(2), name(4)} {
		if _, there := got[filepath.Join("textures", not)]; there {
			t.Errorf("%s is there as well", not)
		}
	}
	mustUninstall(t, dir)
	if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("taken out (-before +after):\n%s", diff)
	}
	same := func(tiles.Key) (string, bool) { return name(0), true }
	if _, err := Install(t.Context(), a, fileA, Options{Scenery: dir, Name: same}); err == nil ||
		!strings.Contains(err.Error(), "are the same file where case is ignored") {
		t.Errorf("two textures of one name: %v", err)
	}
}
