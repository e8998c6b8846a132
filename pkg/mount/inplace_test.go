//go:build linux

package mount

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
)

// inPlace puts the first package of sceneries where X-Plane has it.
func inPlace(t *testing.T) (dir string, o Options, tree mounttest.Tree) {
	t.Helper()
	o, tree = sceneries(t)
	dir = filepath.Join(t.TempDir(), "X-Plane 12", "Custom Scenery", "zzXEL Öst_ortho")
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(o.Scenery[0], dir); err != nil {
		t.Fatal(err)
	}
	o.Scenery[0], tree.Dir = dir, dir
	return dir, o, tree
}

// packageFile is what a package's owner sees of a file of it.
type packageFile struct {
	Mode         fs.FileMode
	Ino          uint64
	Size         int64
	Mtime, Ctime time.Time
	Sum          [sha256.Size]byte
	Linked       string
}

// snapshot describes all files of a package.
func snapshot(t *testing.T, dir string) map[string]packageFile {
	t.Helper()
	files := make(map[string]packageFile)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		f := packageFile{Mode: info.Mode(), Ino: st.Ino, Size: st.Size, Mtime: info.ModTime(),
			Ctime: time.Unix(st.Ctim.Unix())}
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f.Sum = sha256.Sum256(content)
		case info.Mode()&fs.ModeSymlink != 0:
			if f.Linked, err = os.Readlink(path); err != nil {
				return err
			}
		}
		files[strings.TrimPrefix(path, dir)] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// unchanged fails the test if the package is not as before.
func unchanged(t *testing.T, dir string, before map[string]packageFile) {
	t.Helper()
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("the package has changed (-before +after):\n%s", diff)
	}
}

// A mount over the package that it shows is like one beside it, and the package is as before when
// it ends.
func TestInPlace(t *testing.T) {
	mounttest.NeedFUSE(t)
	dir, o, tree := inPlace(t)
	before := snapshot(t, dir)
	f := mountAt(t, link(t, dir), o)
	tree.Remount = func(t *testing.T) {
		if err := f.Unmount(t.Context()); err != nil {
			t.Fatalf("Unmount: %v", err)
		}
		unchanged(t, dir, before)
		f = mountAt(t, dir, o)
	}
	mounttest.Run(t, tree)
	if err := f.Unmount(t.Context()); err != nil {
		t.Fatalf("Unmount: %v", err)
	}
	unchanged(t, dir, before)
}

// The server's own files of the package, which have the names of the mount's, do not count as
// holding it.
func TestInPlaceInUse(t *testing.T) {
	mounttest.NeedFUSE(t)
	dir, o, _ := inPlace(t)
	o.Grace = time.Millisecond
	f := mountAt(t, dir, o)
	r := mounttest.NewReader(t)
	for _, path := range []string{"library.txt", "textures/160_320_BI16.dds"} {
		if _, errno := r.Open(filepath.Join(dir, path)); errno != 0 {
			t.Fatal(errno)
		}
	}
	if by := mounts.Holders(dir); len(by) != 1 {
		t.Errorf("held by %q, want the reader alone", by)
	}
	if _, err := Free(t.Context(), dir); !errors.Is(err, ErrMounted) {
		t.Errorf("Free: %v, want ErrMounted", err)
	}
	if _, err := Mount(t.Context(), dir, o); !errors.Is(err, ErrMounted) {
		t.Errorf("a second mount: %v, want ErrMounted", err)
	}
	if err := Detach(dir); err != nil {
		t.Fatal(err)
	}
	// What is detached still serves the reader, and does not keep the next from mounting.
	next := mountAt(t, dir, o)
	if _, errno := r.HashFile(next.textures("160_320_BI16.dds")); errno != 0 {
		t.Errorf("from the next mount: %v", errno)
	}
	r.Close()
	if err := f.Wait(); err != nil {
		t.Error(err)
	}
}

// The server is killed at any moment, or its mount detached, while a reader holds files and others
// come and go: the package is as before each time, and the next mount comes up.
func TestInPlaceKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long and finds no race: for the full suite")
	}
	mounttest.NeedFUSE(t)
	dir, o, _ := inPlace(t)
	before := snapshot(t, dir)
	holder := mounttest.NewReader(t)
	held, errno := holder.Open(filepath.Join(dir, "textures/160_336_BI16.dds"))
	if errno != 0 {
		t.Fatal(errno)
	}
	sum := before["/textures/160_336_BI16.dds"].Sum
	for round := range 20 {
		server, _ := serveElsewhere(t, dir, placeVariable+"=1")
		r := mounttest.NewReader(t)
		opened, errno := r.Open(filepath.Join(dir, "textures/160-320-bi16.DDS"))
		if errno != 0 {
			t.Fatalf("round %d: %v", round, errno)
		}
		archived, errno := r.Hash(opened)
		reading := make(chan bool)
		go func() { // answered by the package in the end
			for n, names := 0, []string(nil); n < 50 && len(names) != 2 && errno == 0; n++ {
				_, names, errno = r.List(filepath.Join(dir, "textures"))
			}
			close(reading)
		}()
		time.Sleep(time.Duration(round*round) * 50 * time.Microsecond)
		if round%4 == 3 {
			if err := Detach(dir); err != nil {
				t.Fatal(err)
			}
		} else {
			server.Process.Kill()
			server.Wait()
			if cleared, err := Free(t.Context(), dir); err != nil || !cleared {
				t.Errorf("Free after a kill: %v, %v", cleared, err)
			}
		}
		<-reading
		unchanged(t, dir, before)
		if got, errno := holder.Hash(held); errno != 0 || got != sum {
			t.Errorf("round %d: a file held since before: %v", round, errno)
		}
		if got, again := r.Hash(opened); round%4 == 3 && (errno != 0 || again != 0 ||
			got != archived) {
			t.Errorf("round %d: a file of the detached mount: %v, %v", round, errno, again)
		}
		r.Close()
		if t.Failed() {
			return
		}
	}
	f := mountAt(t, dir, o)
	if err := f.Unmount(context.Background()); err != nil {
		t.Error(err)
	}
	unchanged(t, dir, before)
}
