package install

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/testing/filetest"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
)

// Of a package that the user may not write to nothing is changed, and the remedy is said.
func TestReadOnly(t *testing.T) {
	a, fileA := pack(t, 256, seedsA)
	for what, prepare := range map[string]func(dir string) error{
		"package with textures": func(string) error { return nil },
		"package without": func(dir string) error {
			return os.RemoveAll(filepath.Join(dir, "textures"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir := newPackage(t)
			if err := prepare(dir); err != nil {
				t.Fatal(err)
			}
			before := filetest.Tree(t, dir)
			for _, folder := range []string{dir, filepath.Join(dir, "textures")} {
				err := os.Chmod(folder, 0o555)
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.Chmod(folder, 0o777) })
			}
			bound(t, func() {
				_, err := Install(t.Context(), a, fileA, Options{Scenery: dir})
				if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), "make it writable") {
					t.Errorf("install: %v", err)
				}
			})
			if diff := cmp.Diff(before, filetest.Tree(t, dir)); diff != "" {
				t.Errorf("something was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// bound calls f on a thread that permissions bind even if it is root's.
func bound(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		err := unix.Capget(&header, &data[0])
		data[0].Effective &^= 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH
		if err = errors.Join(err, unix.Capset(&header, &data[0])); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// reflinks is set where the tests run on a file system that has them.
const reflinks = "XELPACK_TEST_REFLINKS"

// On XFS equal textures are clones: files of their own that share their blocks until one changes.
func TestReflinks(t *testing.T) {
	if os.Getenv(reflinks) != "" {
		clones(t)
		return
	}
	if testing.Short() {
		t.Skip("makes a file system, and finds no race")
	}
	for _, tool := range []string{"mkfs.xfs", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil || os.Geteuid() != 0 {
			t.Skipf("needs root and %s (Debian package xfsprogs) for a file system of its own", tool)
		}
	}
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	if err := errors.Join(os.WriteFile(disk, nil, 0o600), os.Truncate(disk, 320<<20)); err != nil {
		t.Fatal(err)
	}
	// In a mount namespace of its own: the mount and its loop device end with it.
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--propagation", "private", "sh",
		"-ec", mounttest.Apart+`mkfs.xfs -q disk; mkdir mnt; mount -o loop disk mnt; TMPDIR=$PWD/mnt exec "$0" "$@"`,
		os.Args[0], "-test.v", "-test.run", "^(TestReflinks|TestInstall|TestTwoPackages)$")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), reflinks+"=yes")
	out, err := cmd.CombinedOutput()
	if text := string(out); strings.Contains(text, "unknown filesystem") ||
		strings.Contains(text, "failed to setup loop device") {
		t.Skipf("no XFS can be mounted here: %s", out)
	}
	if err != nil || strings.Count(string(out), "--- PASS: ") != 3 {
		t.Errorf("%v\n%s", err, out)
	}
}

func clones(t *testing.T) {
	a, fileA := pack(t, 1024, map[int]byte{0: 1, 1: 1})
	b, fileB := pack(t, 1024, map[int]byte{2: 1})
	one, two := newPackage(t), newPackage(t)
	free := func() int64 {
		var fs unix.Statfs_t
		unix.Sync()
		if err := unix.Statfs(one, &fs); err != nil {
			t.Fatal(err)
		}
		return int64(fs.Bavail) * fs.Bsize
	}
	before := free()
	mustInstall(t, a, fileA, Options{Scenery: one})
	r := mustInstall(t, b, fileB, Options{Scenery: two,
		Others: []string{filepath.Join(one, "textures")}})
	if r.Written != 0 || r.Linked != 1 {
		t.Errorf("install of another archive with an equal texture: %+v", r)
	}
	const size = 699_192
	if took := before - free(); took > size*3/2 {
		t.Errorf("three equal textures of %d bytes take %d bytes of the disk", size, took)
	}
	file := func(dir string, n int) string { return filepath.Join(dir, "textures", name(n)) }
	for _, other := range []string{file(one, 1), file(two, 2)} {
		first, err := os.Stat(file(one, 0))
		second, errSecond := os.Stat(other)
		if err != nil || errSecond != nil || os.SameFile(first, second) {
			t.Errorf("%s is a hard link: %v %v", other, err, errSecond)
		}
	}
	// One of them is changed in place.
	if err := os.WriteFile(file(one, 0), []byte("changed"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{file(one, 1), file(two, 2)} {
		if got, err := os.ReadFile(other); err != nil || string(got) != string(noise(1024, 1)) {
			t.Errorf("%s has changed as well: %v", other, err)
		}
	}
}
