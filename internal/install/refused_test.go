package install

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/filesys"
	"github.com/xelpack/xelpack/internal/testing/filetest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/scenery"
)

func TestRefused(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	const gib = 1 << 30
	for what, tc := range map[string]struct {
		disk filesys.Info
		make func(t *testing.T, dir string)
		err  error
		said string
	}{
		"a full disk": {disk: filesys.Info{Free: 100_000}, err: ErrRoom,
			said: "not enough disk"},
		"FAT without room for copies": {disk: filesys.Info{Free: 6 * 43832, Kind: "fat",
			MaxFile: 4 * gib}, err: ErrRoom, said: "not enough disk"},
		"files that FAT cannot hold": {disk: filesys.Info{Free: gib, Kind: "fat", MaxFile: 40_000},
			said: "too large for its file system (fat)"},
		"a folder under a texture's name": {
			disk: filesys.Info{Free: gib}, make: func(t *testing.T, dir string) {
				if err := os.Mkdir(filepath.Join(dir, "textures", name(4)), 0o777); err != nil {
					t.Fatal(err)
				}
			}, said: "is not a file (nothing was changed)",
		},
		"no package": {disk: filesys.Info{Free: gib}, make: func(t *testing.T, dir string) {
			if err := errors.Join(os.RemoveAll(filepath.Join(dir, "textures")),
				os.RemoveAll(filepath.Join(dir, "terrain"))); err != nil {
				t.Fatal(err)
			}
		}, err: scenery.ErrNoTerrain, said: "give the scenery package's own folder"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := newPackage(t)
			if tc.make != nil {
				tc.make(t, dir)
			}
			before := filetest.Tree(t, dir)
			_, err := Install(t.Context(), a, fileA,
				Options{Scenery: dir, Workers: 1, disk: func(string) (filesys.Info, error) {
					return tc.disk, nil
				}})
			if err == nil || !strings.Contains(err.Error(), tc.said) || tc.err != nil &&
				!errors.Is(err, tc.err) {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
				t.Errorf("something was changed (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("network drives are told", func(t *testing.T) {
		remote := func(string) (filesys.Info, error) {
			return filesys.Info{Free: gib, Kind: "nfs", Network: true}, nil
		}
		r := mustInstall(t, a, fileA, Options{Scenery: newPackage(t), disk: remote})
		if said := strings.Join(r.Notes, "\n"); !strings.Contains(said,
			"the package is on a network drive (nfs)") ||
			!strings.Contains(said, "the archive is on a network drive (nfs)") {
			t.Errorf("%q", said)
		}
	})
	t.Run("OneDrive is told", func(t *testing.T) {
		cloud := func(string) (filesys.Info, error) {
			return filesys.Info{Free: gib, Cloud: "OneDrive"}, nil
		}
		r := mustInstall(t, a, fileA, Options{Scenery: newPackage(t), disk: cloud})
		if said := strings.Join(r.Notes, "\n"); !strings.Contains(said,
			"the package is in a folder of OneDrive, which will upload every texture") {
			t.Errorf("%q", said)
		}
	})
	t.Run("two at once", func(t *testing.T) {
		dir := newPackage(t)
		_, err := Install(t.Context(), a, fileA, Options{Scenery: dir, die: func(op string) error {
			if op == "rename" {
				_, err := Uninstall(t.Context(), Options{Scenery: dir})
				return fmt.Errorf("second: %w", err)
			}
			return nil
		}})
		if !errors.Is(err, mbtiles.ErrLocked) {
			t.Errorf("%v", err)
		}
	})
}

// A package whose path has over 260 characters, and a texture that another program has open.
func TestLongPath(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	dir := newPackage(t)
	long := filepath.Join(filepath.Dir(dir), strings.Repeat("long name ", 12)+"end",
		strings.Repeat("longer name ", 12)+"end")
	if err := os.MkdirAll(long, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, filepath.Join(long, "package")); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(long, "package")
	before := filetest.Tree(t, dir)
	mustInstall(t, a, fileA, Options{Scenery: dir})
	check(t, dir, seedsA)
	open, err := os.Open(filepath.Join(dir, "textures", name(0)))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if _, err := Uninstall(t.Context(), Options{Scenery: dir}); errors.Is(err, ErrBusy) {
		open.Close() // as Windows has it
		mustUninstall(t, dir)
	} else if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
		t.Errorf("taken out (-before +after):\n%s", diff)
	}
}
