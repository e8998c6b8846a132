//go:build linux

package mount

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// packed writes an archive of a few textures whose bytes depend on seed, and returns their files by
// name.
func packed(t *testing.T, path, seed string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	w, err := mbtiles.Create(t.Context(), path, mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	encoder := mbtiles.NewEncoder(mbtiles.Fast)
	for i := range 4 {
		x := tiles.Texture{Row: 23952, Col: 33712 + uint32(i)*16, ZL: 16, Maptype: "BI"}
		l := dds.Layout{Format: dds.BC1, Side: 512}
		file := noise(l, seed+x.Name())
		content, err := encoder.Encode(file)
		if err != nil {
			t.Fatal(err)
		}
		r := mbtiles.Record{Texture: x, Detail: 3, Layout: l, SHA256: content.SHA256(), Chunks: 4,
			Provider: "sample"}
		if err := w.Put(t.Context(), r, content); err != nil {
			t.Fatal(err)
		}
		files[x.File()] = file
	}
	if err := w.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return files
}

func duplicate(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever becomes of an archive's file under the mount, every read is as long as it was asked for
// and every file has its header; where the old file is still there behind the mount's descriptors,
// its bytes are exact.
func TestArchiveInTrouble(t *testing.T) {
	mounttest.NeedFUSE(t)
	originals := t.TempDir()
	oldPath, newPath := filepath.Join(originals, "old.mbtiles"), filepath.Join(originals,
		"new.mbtiles")
	files := packed(t, oldPath, "old")
	packed(t, newPath, "new")
	for name, c := range map[string]struct {
		happens func(path string) error
		exact   bool
	}{
		"removed": {os.Remove, true},
		"replaced": {func(path string) error { return os.Rename(path+".other.mbtiles", path) },
			true},
		"its folder moved": {func(path string) error {
			return os.Rename(filepath.Dir(path), filepath.Dir(path)+"-elsewhere")
		}, true},
		"truncated":         {func(path string) error { return os.Truncate(path, 100_000) }, false},
		"truncated to none": {func(path string) error { return os.Truncate(path, 0) }, false},
		"written over": {func(path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.Write(bytes.Repeat([]byte("not what it was "), int(info.Size()/16)))
			return err
		}, false},
		"written over by another": {func(path string) error {
			other, err := os.ReadFile(path + ".other.mbtiles")
			if err != nil {
				return err
			}
			return os.WriteFile(path, other, 0o666)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in", "flight.mbtiles")
			if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			duplicate(t, oldPath, path)
			duplicate(t, newPath, path+".other.mbtiles")
			a, err := mbtiles.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			f := mountTemp(t, Options{Archives: []Archive{a}, Files: []string{path}})
			r := mounttest.NewReader(t)
			open, errno := r.Open(f.textures("23952_33712_BI16.dds"))
			if errno != 0 {
				t.Fatal(errno)
			}
			if err := c.happens(path); err != nil {
				t.Fatal(err)
			}
			got, errno := r.Read(open, 0, 1<<20)
			checkFile(t, "open before", got, errno, files["23952_33712_BI16.dds"], c.exact)
			for name, want := range files {
				fd, errno := r.Open(f.textures(name))
				if errno != 0 {
					t.Fatalf("open %s: %v", name, errno)
				}
				got, errno := r.Read(fd, 0, 1<<20)
				checkFile(t, name, got, errno, want, c.exact)
				if _, errno := r.Map(fd, true); errno != 0 {
					t.Errorf("map %s: %v", name, errno)
				}
				r.CloseFile(fd)
			}
			if damaged := f.Stats().Damaged; c.exact && damaged > 0 {
				t.Errorf("%d textures counted as damaged", damaged)
			}
			r.Close()
			if err := f.Unmount(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func checkFile(t *testing.T, name string, got []byte, errno syscall.Errno, want []byte,
	exact bool) {
	t.Helper()
	if errno != 0 || len(got) != len(want) {
		t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), errno)
		return
	}
	if !bytes.Equal(got[:dds.HeaderSize], want[:dds.HeaderSize]) {
		t.Errorf("%s: the header is damaged", name)
	}
	if exact && !bytes.Equal(got, want) {
		t.Errorf("%s: other bytes than before", name)
	}
}

// A scenery folder that goes away takes its files along and nothing else: what is open reads on,
// archived and live textures are served, and a folder that comes back is seen.
func TestSceneryUnplugged(t *testing.T) {
	mounttest.NeedFUSE(t)
	scenery := filepath.Join(t.TempDir(), "package")
	write(t, scenery, "terrain/a.ter", []byte("A\n800\nTERRAIN\n"))
	write(t, scenery, "textures/160_336_BI16.dds", noise(small, "real"))
	var a fakeArchive
	archived := a.add("160_320_BI16", small)
	o := liveAny(healthy())
	o.Archives, o.Scenery = []Archive{&a}, []string{scenery}
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	at := func(path string) string { return filepath.Join(f.mountpoint, path) }
	open, errno := r.Open(at("terrain/a.ter"))
	if errno != 0 {
		t.Fatal(errno)
	}
	if err := os.Rename(scenery, scenery+" in a drawer"); err != nil {
		t.Fatal(err)
	}
	if got, errno := r.Read(open, 0, 100); errno != 0 || string(got) != "A\n800\nTERRAIN\n" {
		t.Errorf("what was open: %q, %v", got, errno)
	}
	for path, want := range map[string][]byte{"textures/160_320_BI16.dds": archived,
		"textures/160_352_BI16.dds": made(tex("160_352_BI16"))} {
		fd, errno := r.Open(at(path))
		if errno != 0 {
			t.Fatalf("open %s: %v", path, errno)
		}
		got, errno := r.Read(fd, 0, len(want)+1)
		checkFile(t, path, got, errno, want, true)
		r.CloseFile(fd)
	}
	if _, errno := r.Stat(at("terrain/b.ter")); errno != syscall.ENOENT {
		t.Errorf("a file of the folder that is gone: %v, want ENOENT", errno)
	}
	if _, names, errno := r.List(f.mountpoint); errno != 0 || fmt.Sprint(names) != "[textures]" {
		t.Errorf("the root lists %q, %v; want textures only", names, errno)
	}
	if err := os.Rename(scenery+" in a drawer", scenery); err != nil {
		t.Fatal(err)
	}
	if _, names, _ := r.List(f.mountpoint); len(names) != 2 {
		t.Errorf("the folder is back, and the root lists %q", names)
	}
}
