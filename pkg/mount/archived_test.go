//go:build linux

package mount

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// archivedTree mounts two archives at dir and says what must be seen.
func archivedTree(t *testing.T, dir string) mounttest.Tree {
	var a, b fakeArchive
	full := a.add("23952_33712_BI16", LiveLayout())
	alpha := a.add("23952_33728_BI16", dds.Layout{Format: dds.BC3, Side: 1024})
	odd := b.add("160_320_Arc@17", small)
	first := a.add("23968_33712_BI16", small)
	b.add("23968_33712_bi16", small) // the first archive wins, in any spelling
	o := Options{Archives: []Archive{&a, &b}}
	f := mountAt(t, dir, o)
	return mounttest.Tree{
		Dir: f.mountpoint,
		Files: []mounttest.File{
			{Path: "textures/23952_33712_BI16.dds", Content: full, Spellings: []string{
				"textures/23952-33712-BI16.dds", "textures/23952_33712_bi16.DDS",
				"textures/23952_33712_Bi16.Dds"}},
			{Path: "textures/23952_33728_BI16.dds", Content: alpha},
			{Path: "textures/23968_33712_BI16.dds", Content: first,
				Spellings: []string{"textures/23968_33712_bi16.dds"}},
			{Path: "textures/160_320_Arc@17.dds", Content: odd,
				Spellings: []string{"textures/160_320_ARC@17.dds"}},
		},
		Absent: []string{
			"textures/23952_33712_ZL16.dds", "textures/23952_33712_ZL16.png",
			"textures/23952_33712_BI16.ktx2", "textures/23952_33712_BI16",
			"textures/23952_33712_BI17.dds", "textures/23952_33712_GO16.dds",
			"textures/23953_33712_BI16.dds", "textures/.dds", "textures/x",
			"textures/99999999999_33712_BI16.dds", "Textures", "terrain", "23952_33712_BI16.dds",
			"textures/23968_33712_bi16.ktx2",
		},
		Remount: func(t *testing.T) {
			if err := f.Unmount(t.Context()); err != nil {
				t.Fatalf("Unmount: %v", err)
			}
			f = mountAt(t, dir, o)
		},
	}
}

func TestArchivedTextures(t *testing.T) {
	mounttest.NeedFUSE(t)
	mounttest.Run(t, archivedTree(t, t.TempDir()))
}

// A listing holds what the archives hold, each texture once, under its canonical name; the root
// holds textures only.
func TestArchivedListing(t *testing.T) {
	mounttest.NeedFUSE(t)
	tree := archivedTree(t, t.TempDir())
	r := mounttest.NewReader(t)
	for dir, want := range map[string]string{
		"": "textures",
		"textures": "23952_33712_BI16.dds 23952_33728_BI16.dds 23968_33712_BI16.dds " +
			"160_320_Arc@17.dds",
	} {
		if _, names, errno := r.List(tree.Dir + "/" + dir); errno != 0 ||
			strings.Join(names, " ") != want {
			t.Errorf("list %q: %q, %v; want %q", dir, names, errno, want)
		}
	}
}

// An archive that cannot be read is answered with ground colour at full length, never with an
// error, and said once a texture.
func TestDamagedArchive(t *testing.T) {
	failures := map[string]func(t tiles.Texture, p []byte, off int64) (int, error){
		"error": func(tiles.Texture, []byte, int64) (int, error) {
			return 0, errors.New("disk on fire")
		},
		"half, then error": func(_ tiles.Texture, p []byte, _ int64) (int, error) {
			return len(p) / 2, errors.New("disk on fire")
		},
		"all, with error": func(_ tiles.Texture, p []byte, _ int64) (int, error) {
			return len(p), errors.New("checksum does not match")
		},
		"short": func(_ tiles.Texture, p []byte, _ int64) (int, error) { return len(p) - 1, nil },
		"panic": func(tiles.Texture, []byte, int64) (int, error) { panic("bug") },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			for _, l := range []dds.Layout{small, {Format: dds.BC3, Side: 512}} {
				a := fakeArchive{fail: fail}
				a.add("160_320_BI16", l)
				var log bytes.Buffer
				f := mountTemp(t, Options{Archives: []Archive{&a},
					Logger: slog.New(slog.NewTextHandler(&log, nil))})
				r := mounttest.NewReader(t)
				for range 2 {
					if got, errno := r.HashFile(f.textures("160_320_BI16.dds")); errno != 0 ||
						got != sha256.Sum256(grounded(l)) {
						t.Errorf("%v: not ground colour, %v", l, errno)
					}
				}
				if err := f.Unmount(t.Context()); err != nil {
					t.Error(err)
				}
				if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
					t.Errorf("%v: said %d times, want once:\n%s", l, n, &log)
				}
				if got := f.Stats().Damaged; got != 1 {
					t.Errorf("Stats.Damaged = %d, want 1", got)
				}
			}
		})
	}
}

// Once an archive can be read again, the next open sees its bytes: ground colour is not kept in the
// page cache.
func TestArchiveRecovers(t *testing.T) {
	var a fakeArchive
	want := a.add("160_320_BI16", small)
	var healthy atomic.Bool
	a.fail = func(_ tiles.Texture, p []byte, off int64) (int, error) {
		if !healthy.Load() {
			return 0, errors.New("not now")
		}
		return copy(p, want[off:]), nil
	}
	f := mountTemp(t, Options{Archives: []Archive{&a}})
	r := mounttest.NewReader(t)
	if got, _ := r.HashFile(f.textures("160_320_BI16.dds")); got != sha256.Sum256(grounded(small)) {
		t.Error("an archive that cannot be read: not ground colour")
	}
	healthy.Store(true)
	if got, _ := r.HashFile(f.textures("160_320_BI16.dds")); got != sha256.Sum256(want) {
		t.Error("an archive that can be read again: not its bytes")
	}
}
