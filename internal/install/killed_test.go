package install

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/install/manifest"
	"github.com/xelpack/xelpack/internal/testing/filetest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// An installation, a change to another archive and the taking out, ended before every single change
// that they make (with -short, every seventh), of a package with files of its own and of one
// without a textures folder: whoever goes on comes to the same end, and whoever takes it out, or
// goes back, to the same beginning.
func TestEndedAnywhere(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	b, fileB := pack(t, 256, seedsB)
	install := func(t *testing.T, o Options) error {
		_, err := Install(t.Context(), a, fileA, o)
		return err
	}
	change := func(t *testing.T, o Options) error {
		o.Switch = true
		_, err := Install(t.Context(), b, fileB, o)
		return err
	}
	back := func(t *testing.T, o Options) error {
		o.Switch = true
		_, err := Install(t.Context(), a, fileA, o)
		return err
	}
	uninstall := func(t *testing.T, o Options) error {
		_, err := Uninstall(t.Context(), o)
		return err
	}
	stride := 1
	switch {
	case runtime.GOOS == "windows", // wine takes seconds for what takes milliseconds elsewhere
		testing.Short(): // with one worker there are no races to be found
		stride = 23
	}
	type do = func(*testing.T, Options) error
	for what, tc := range map[string]struct {
		begin, run do
		// what is done after the end, and leads to the same as it does undisturbed
		after map[string]do
	}{
		"install": {nil, install,
			map[string]do{"gone on": install, "taken out": uninstall, "changed": change}},
		"switch": {install, change,
			map[string]do{"gone on": change, "taken out": uninstall, "back": back}},
		"uninstall": {install, uninstall,
			map[string]do{"gone on": uninstall, "installed again": back, "changed": change}},
	} {
		for kind, bare := range map[string]bool{"": false, " without textures": true} {
			make := func(t *testing.T) string {
				dir := newPackage(t)
				if bare {
					if err := os.RemoveAll(filepath.Join(dir, "textures")); err != nil {
						t.Fatal(err)
					}
				}
				if tc.begin != nil {
					if err := tc.begin(t, Options{Scenery: dir}); err != nil {
						t.Fatal(err)
					}
				}
				return dir
			}
			for then, after := range tc.after {
				t.Run(what+kind+", "+then, func(t *testing.T) {
					t.Parallel() // it waits for the disk most of the time
					undisturbed := make(t)
					if err := errors.Join(tc.run(t, Options{Scenery: undisturbed}),
						after(t, Options{Scenery: undisturbed})); err != nil {
						t.Fatal(err)
					}
					want := filetest.Tree(t, undisturbed)
					for n := 0; ; n += stride {
						dir := make(t)
						if !endAt(t, n, tc.run, dir) {
							t.Logf("ended before %d of some %d changes", n/stride, n)
							break
						}
						if err := after(t, Options{Scenery: dir}); err != nil {
							t.Fatalf("ended at %d: %v", n, err)
						}
						if diff := cmp.Diff(want, filetest.Tree(t, dir)); diff != "" {
							t.Fatalf("ended at %d (-want +got):\n%s", n, diff)
						}
					}
				})
			}
		}
	}
}

var errDead = errors.New("dead")

// endAt ends the work before its n-th change, and all that it would do after. It reports whether
// there is one.
func endAt(t *testing.T, n int, run func(*testing.T, Options) error, dir string) bool {
	t.Helper()
	dead := false
	err := run(t, Options{Scenery: dir, Workers: 1, die: func(string) error {
		if n--; n < 0 {
			dead = true
			return errDead
		}
		return nil
	}})
	if dead != errors.Is(err, errDead) || !dead && err != nil {
		t.Fatalf("dead: %v, but: %v", dead, err)
	}
	return dead
}

// A change to another archive that is given up for a third, again and again.
func TestEndedTwice(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	b, fileB := pack(t, 256, seedsB)
	c, fileC := pack(t, 256, map[int]byte{0: 30, 1: 31, 2: 32, 3: 33, 11: 34})
	dir := newPackage(t)
	before := filetest.Tree(t, dir)
	toB := func(t *testing.T, o Options) error {
		o.Switch = true
		_, err := Install(t.Context(), b, fileB, o)
		return err
	}
	toC := func(t *testing.T, o Options) error {
		o.Switch = true
		_, err := Install(t.Context(), c, fileC, o)
		return err
	}
	mustInstall(t, a, fileA, Options{Scenery: dir})
	for n := 5; ; n += 3 {
		ended := endAt(t, n, toB, dir)
		if ended = endAt(t, n+1, toC, dir) || ended; !ended {
			break
		}
	}
	check(t, dir, map[int]byte{0: 30, 1: 31, 2: 32, 3: 33, 11: 34})
	mustUninstall(t, dir)
	if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("taken out (-before +after):\n%s", diff)
	}
}

// What a process that was killed may have left beside all else: its lock, and half a file.
func TestLeftByTheDead(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	dir := newPackage(t)
	before := filetest.Tree(t, dir)
	if !endAt(t, 40, func(t *testing.T, o Options) error {
		_, err := Install(t.Context(), a, fileA, o)
		return err
	}, dir) {
		t.Fatal("it was done before")
	}
	folder := filepath.Join(dir, "textures", manifest.Folder)
	for _, name := range []string{manifest.Lock, filepath.Join(manifest.New, manifest.Next),
		filepath.Join(manifest.New, "half.dds")} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte("half"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	mustUninstall(t, dir)
	if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("taken out (-before +after):\n%s", diff)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its folder: %v", err)
	}
}

// Ctrl-C ends in good order: nothing half stays, and both ways are open.
func TestInterrupted(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	for what, then := range map[string]func(t *testing.T, dir string){
		"gone on with": func(t *testing.T, dir string) {
			mustInstall(t, a, fileA, Options{Scenery: dir})
			check(t, dir, seedsA)
			mustUninstall(t, dir)
		},
		"taken out": func(t *testing.T, dir string) { mustUninstall(t, dir) },
	} {
		t.Run(what, func(t *testing.T) {
			dir := newPackage(t)
			before := filetest.Tree(t, dir)
			ctx, cancel := context.WithCancel(t.Context())
			_, err := Install(ctx, a, fileA, Options{Scenery: dir, Workers: 1, Meter: func(what string, _, _ int64) {
				if what == "install" {
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "textures", manifest.Folder, manifest.New)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("what was being written: %v", err)
			}
			then(t, dir)
			if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
				t.Errorf("taken out (-before +after):\n%s", diff)
			}
		})
	}
}

// A texture that is damaged in the archive gets no name in the package.
func TestDamagedArchive(t *testing.T) {
	_, fileA := pack(t, 256, seedsA)
	body, err := os.ReadFile(fileA)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(body, noise(256, 4)[3000:3032])
	if at < 0 {
		t.Fatal("the texture's bytes do not stand in the archive as they are")
	}
	body[at] ^= 1
	if err := os.WriteFile(fileA, body, 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := mbtiles.Open(t.Context(), fileA)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	dir := newPackage(t)
	before := filetest.Tree(t, dir)
	if _, err := Install(t.Context(), a, fileA, Options{Scenery: dir}); !errors.Is(err, mbtiles.ErrCorrupt) || !strings.Contains(err.Error(), name(4)) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "textures", name(4))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the damaged texture: %v", err)
	}
	mustUninstall(t, dir)
	if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("taken out (-before +after):\n%s", diff)
	}
}
