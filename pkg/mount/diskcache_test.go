//go:build linux

package mount

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func openDiskCache(t *testing.T, path string, o DiskCacheOptions) *DiskCache {
	t.Helper()
	o.Provider = "test"
	d, err := OpenDiskCache(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// session mounts o with the disk cache at path, has use use the mount, and ends both.
func session(t *testing.T, path string, o Options, do DiskCacheOptions,
	use func(f *FS, r *mounttest.Reader)) {
	t.Helper()
	do.Logger = o.Logger
	o.Disk = openDiskCache(t, path, do)
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	use(f, r)
	r.Close()
	if err := f.Unmount(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.Disk.Close(); err != nil {
		t.Fatal(err)
	}
}

// onDisk are the textures of the cache at path, which must be a sound archive.
func onDisk(t *testing.T, path string) (names []string) {
	t.Helper()
	a, err := mbtiles.Open(t.Context(), path+".part")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	report, err := a.Verify(t.Context(), mbtiles.VerifyOptions{})
	if err != nil || !report.OK {
		t.Errorf("verify the disk cache: %+v, %v", report.Problems, err)
	}
	for e := range a.All() {
		names = append(names, e.Texture.Name())
	}
	return names
}

func mustRead(t *testing.T, f *FS, r *mounttest.Reader, name string) {
	t.Helper()
	if got, errno := r.HashFile(f.textures(name + ".dds")); errno != 0 ||
		got != sha256.Sum256(made(tex(name))) {
		t.Errorf("%s: other bytes than were made, %v", name, errno)
	}
}

// settled waits until all that was made is on disk, and what had to give way for it has.
func settled(t *testing.T, f *FS) {
	t.Helper()
	patience.Until(t, "the disk cache has nothing to do", func() bool {
		f.live.mu.Lock()
		defer f.live.mu.Unlock()
		return len(f.live.disk.tasks) == 0 && !f.live.disk.busy
	})
}

// notShort skips what takes many whole textures to show.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("whole textures by the dozen take long in slow builds; the plain pass has this test")
	}
}

// broken makes nothing.
func broken() *fakeGenerator {
	return &fakeGenerator{answer: func(context.Context, tiles.Texture) ([]byte, bool, error) {
		return nil, false, errProvider
	}}
}

// What one mount made the next one serves without a provider; textures with holes are not kept.
func TestDiskCache(t *testing.T) {
	mounttest.NeedFUSE(t)
	path := filepath.Join(t.TempDir(), "test.mbtiles")
	holey := tex("160_384_BI16")
	g := &fakeGenerator{answer: func(_ context.Context, x tiles.Texture) ([]byte, bool, error) {
		return made(x), x != holey, nil
	}}
	names := []string{"160_320_BI16", "160_320_GO216"}
	session(t, path, liveAny(g), DiskCacheOptions{}, func(f *FS, r *mounttest.Reader) {
		for _, name := range append(names, holey.Name()) {
			mustRead(t, f, r, name)
		}
	})
	if got := onDisk(t, path); !slices.Equal(got, names) {
		t.Errorf("on disk: %q, want %q", got, names)
	}
	tree := mounttest.Tree{}
	for _, name := range names {
		tree.Files = append(tree.Files,
			mounttest.File{Path: "textures/" + name + ".dds", Content: made(tex(name)),
				Unlisted: true})
	}
	session(t, path, liveAny(broken()), DiskCacheOptions{}, func(f *FS, r *mounttest.Reader) {
		tree.Dir = f.mountpoint
		mounttest.Run(t, tree)
		if s := f.Stats(); s.StandIns > 0 || s.DiskHits == 0 || s.OnDisk != len(names) {
			t.Errorf("stats: %+v", s)
		}
	})
}

// The least recently used textures go first, over mounts too, and never one that is open: it reads
// its own bytes while others take the room of those that went.
func TestDiskCacheEvicts(t *testing.T) {
	mounttest.NeedFUSE(t)
	notShort(t)
	path := filepath.Join(t.TempDir(), "test.mbtiles")
	o := liveAny(healthy())
	o.MemoryCache = 1
	limit := DiskCacheOptions{MaxBytes: 4 * LiveLayout().Size()} // three, with what SQLite needs
	read := func(f *FS, r *mounttest.Reader, names ...string) {
		for _, name := range names {
			mustRead(t, f, r, name)
			settled(t, f)
		}
	}
	session(t, path, o, limit, func(f *FS, r *mounttest.Reader) {
		read(f, r, "160_320_BI16", "160_336_BI16", "160_352_BI16")
		read(f, r, "160_320_BI16")
	})
	session(t, path, o, limit, func(f *FS, r *mounttest.Reader) {
		// no longer the least recently used one, and pinned
		open, errno := r.Open(f.textures("160_336_BI16.dds"))
		if errno != 0 {
			t.Fatal(errno)
		}
		for _, name := range []string{"160_368_BI16", "160_384_BI16", "160_400_BI16",
			"160_416_BI16"} {
			read(f, r, name)
			r.Forget(open)
			if got, errno := r.Hash(open); errno != 0 ||
				got != sha256.Sum256(made(tex("160_336_BI16"))) {
				t.Errorf("the open texture changed when %s came, %v", name, errno)
			}
		}
		r.CloseFile(open)
	})
	got := onDisk(t, path)
	if !slices.Contains(got, "160_336_BI16") || !slices.Contains(got, "160_416_BI16") ||
		slices.Contains(got, "160_352_BI16") || len(got) > 4 {
		t.Errorf("on disk: %q", got)
	}
}

// A damaged cache is moved aside, and the mount goes on with a new one.
func TestDiskCacheDamaged(t *testing.T) {
	mounttest.NeedFUSE(t)
	const name = "160_320_BI16"
	for what, spoil := range map[string]func(file []byte) []byte{
		"no database": func(file []byte) []byte {
			return bytes.Repeat([]byte("?"), len(file))
		},
		"cut short":         func(file []byte) []byte { return file[:len(file)/2] },
		"segments are gone": func(file []byte) []byte { clear(file[len(file)/4:]); return file },
	} {
		t.Run(what, func(t *testing.T) {
			if what != "segments are gone" {
				notShort(t)
			}
			path := filepath.Join(t.TempDir(), "test.mbtiles")
			read := func(f *FS, r *mounttest.Reader) { mustRead(t, f, r, name) }
			session(t, path, liveAny(healthy()), DiskCacheOptions{}, read)
			file, err := os.ReadFile(path + ".part")
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Dir(path), "test.mbtiles.part", spoil(file))

			var said bytes.Buffer
			o := liveAny(healthy())
			o.Logger = slog.New(slog.NewTextHandler(&said, nil))
			session(t, path, o, DiskCacheOptions{}, func(f *FS, r *mounttest.Reader) {
				// at worst it is ground, once
				if _, errno := r.HashFile(f.textures(name + ".dds")); errno != 0 {
					t.Errorf("first read: %v", errno)
				}
				mustRead(t, f, r, name)
			})
			session(t, path, liveAny(healthy()), DiskCacheOptions{}, read)
			if got := onDisk(t, path); !slices.Equal(got, []string{name}) {
				t.Errorf("on disk: %q", got)
			}
			if aside, _ := filepath.Glob(path + ".part.damaged-*"); len(aside) == 0 ||
				!strings.Contains(said.String(), "moved it aside") {
				t.Errorf("moved aside: %q, said: %s", aside, said.String())
			}
		})
	}
}

// Of two that open one cache the second is refused.
func TestDiskCacheLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.mbtiles")
	d := openDiskCache(t, path, DiskCacheOptions{})
	if _, err := OpenDiskCache(t.Context(), path, DiskCacheOptions{}); !errors.Is(err,
		mbtiles.ErrLocked) {
		t.Errorf("the second: %v, want ErrLocked", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// With the disk full the mount goes on, and says that it keeps nothing more.
func TestDiskCacheFull(t *testing.T) {
	mounttest.NeedFUSE(t)
	notShort(t)
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("no small disk can be made here: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	var said bytes.Buffer
	o := liveAny(healthy())
	o.Logger = slog.New(slog.NewTextHandler(&said, nil))
	o.Disk = openDiskCache(t, filepath.Join(dir, "test.mbtiles"),
		DiskCacheOptions{Logger: o.Logger})
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	for i := range 4 {
		mustRead(t, f, r, strings.TrimSuffix(named(1000+i), ".dds"))
	}
	r.Close()
	if err := f.Unmount(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.Disk.Close(); !errors.Is(err, mbtiles.ErrFull) {
		t.Errorf("Close: %v, want ErrFull", err)
	}
	if !strings.Contains(said.String(), "no longer written to disk") {
		t.Errorf("said: %s", said.String())
	}
}
