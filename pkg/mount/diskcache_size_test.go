//go:build linux

package mount

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
)

// However many textures come and go, the file stays within the limit and the texture that is
// written before others go: what those leave is used again.
func TestDiskCacheFileStaysWithinItsLimit(t *testing.T) {
	mounttest.NeedFUSE(t)
	notShort(t)
	path := filepath.Join(t.TempDir(), "test.mbtiles")
	o := liveAny(healthy())
	o.MemoryCache = 1
	texture := LiveLayout().Size()
	limit := 4 * texture
	const come = 16
	session(t, path, o, DiskCacheOptions{MaxBytes: limit}, func(f *FS, r *mounttest.Reader) {
		most := int64(0)
		for i := range come {
			name := fmt.Sprintf("160_%d_BI16", 16*(20+i))
			mustRead(t, f, r, name)
			settled(t, f)
			info, err := os.Stat(path + ".part")
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, info.Size())
		}
		if room := texture + texture/8; most > limit+room || most < limit/2 {
			t.Errorf("the file grew to %d bytes, with a limit of %d and textures of %d", most,
				limit, texture)
		}
	})
	if info, err := os.Stat(path + ".part"); err != nil || info.Size() > limit+texture+texture/8 {
		t.Errorf("in the end the file has %d bytes, with a limit of %d, %v", info.Size(), limit,
			err)
	}
	if got := onDisk(t, path); len(got) == 0 || len(got) == come {
		t.Errorf("on disk: %q", got)
	}
}

// With a lower limit than before the file shrinks, and keeps what was used last.
func TestDiskCacheShrinks(t *testing.T) {
	mounttest.NeedFUSE(t)
	path := filepath.Join(t.TempDir(), "test.mbtiles")
	o := liveAny(healthy())
	names := []string{"160_320_BI16", "160_336_BI16", "160_352_BI16", "160_368_BI16",
		"160_384_BI16", "160_400_BI16"}
	session(t, path, o, DiskCacheOptions{}, func(f *FS, r *mounttest.Reader) {
		for _, name := range names {
			mustRead(t, f, r, name)
		}
	})
	texture := LiveLayout().Size()
	size := func() int64 {
		info, err := os.Stat(path + ".part")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if n := size(); n < 4*texture {
		t.Fatalf("the file has %d bytes, want that of %d textures", n, len(names))
	}
	session(t, path, o, DiskCacheOptions{MaxBytes: 2 * texture}, func(f *FS, r *mounttest.Reader) {
		patience.Until(t, "the file is within its limit",
			func() bool { return size() <= 3*texture })
		mustRead(t, f, r, names[len(names)-1])
		if s := f.Stats(); s.DiskHits != 1 {
			t.Errorf("what was used last is not on disk any more: %+v", s)
		}
	})
	if got := onDisk(t, path); len(got) == 0 || len(got) > 3 ||
		!slices.Contains(got, names[len(names)-1]) {
		t.Errorf("on disk: %q", got)
	}
}

// Of damaged caches only the last is kept, and nothing else is touched.
func TestDiskCacheKeepsOneDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "test.mbtiles")
	for _, name := range []string{"test.mbtiles.part.damaged-20200101-000000",
		"test.mbtiles.part.damaged-20200101-000000-wal",
		"other.mbtiles.part.damaged-20200101-000000", "test.mbtiles.part"} {
		write(t, dir, name, []byte("no database"))
	}
	if err := openDiskCache(t, path, DiskCacheOptions{}).Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var aside []string
	for _, e := range entries {
		if strings.Contains(e.Name(), "damaged") {
			aside = append(aside, e.Name())
		}
	}
	if len(aside) != 2 || aside[0] != "other.mbtiles.part.damaged-20200101-000000" ||
		strings.Contains(aside[1], "20200101") {
		t.Errorf("moved aside: %q", aside)
	}
}
