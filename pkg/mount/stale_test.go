//go:build linux

package mount

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// staleVariable in the environment makes the test binary mount an archive at its value, a folder or
// the name of a temporary one, and serve until it is killed.
const staleVariable = "XELPACK_MOUNT_STALE"

// placeVariable in the environment makes it mount over a package, in place.
const placeVariable = "XELPACK_MOUNT_PLACE"

func serveStale() bool {
	dir := os.Getenv(staleVariable)
	if dir == "" {
		return false
	}
	if !filepath.IsAbs(dir) {
		dir, _ = os.MkdirTemp("", dir)
	}
	var a fakeArchive
	a.add("160_320_BI16", small)
	o := Options{Archives: []Archive{&a}}
	if os.Getenv(placeVariable) != "" {
		o.Scenery = []string{dir}
	}
	f, err := Mount(context.Background(), dir, o)
	if err != nil {
		fmt.Println(err)
		return true
	}
	fmt.Println("mounted " + dir)
	f.Wait()
	return true
}

// leaveStale mounts at dir in another process and kills that.
func leaveStale(t *testing.T, dir string) {
	t.Helper()
	server, _ := serveElsewhere(t, dir)
	server.Process.Kill()
	server.Wait()
	if _, err := os.ReadDir(dir); err == nil {
		t.Fatal("the mount of a killed process still answers")
	}
}

func serveElsewhere(t *testing.T, dir string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), staleVariable+"="+dir), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		mounts.Detach(dir)
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "mounted "+dir {
		t.Fatalf("the other process did not mount: %q", lines.Text())
	}
	return cmd, lines
}

// What killed processes leave behind is cleared by the next mount, one on another too.
func TestStaleMountIsCleared(t *testing.T) {
	mounttest.NeedFUSE(t)
	for name, spell := range map[string]func(dir string) string{
		"plainly":        func(dir string) string { return dir },
		"through a link": func(dir string) string { return link(t, dir) },
		"relative": func(dir string) string {
			t.Chdir(filepath.Dir(dir))
			return filepath.Base(dir)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			leaveStale(t, dir)
			var a fakeArchive
			a.add("160_320_BI16", small)
			f := mountAt(t, spell(dir), Options{Archives: []Archive{&a}})
			r := mounttest.NewReader(t)
			if _, errno := r.HashFile(f.textures("160_320_BI16.dds")); errno != 0 {
				t.Errorf("after a stale mount: %v", errno)
			}
		})
	}
}

// A server that is killed at any moment of its start is gone at once, and what it leaves behind
// does not keep the next from mounting.
func TestServerKilledAnytime(t *testing.T) {
	mounttest.NeedFUSE(t)
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		// kill it from the moment on that it is mounted; else as soon as it has started, over what
		// the last has left
		fromMounted := i%2 == 0
		if fromMounted {
			mounts.Detach(dir)
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), staleVariable+"="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if fromMounted {
			patience.Until(t, "it is mounted",
				func() bool {
					_, err := os.Stat(filepath.Join(dir, texturesName))
					return err == nil
				})
		}
		time.Sleep(time.Duration(i/4) * 200 * time.Microsecond)
		cmd.Process.Kill()
		cmd.Wait()
	}
	f := mountAt(t, dir, Options{})
	if err := f.Unmount(t.Context()); err != nil {
		t.Error(err)
	}
}

// A test process that is killed leaves no mount behind, nor processes or files.
func TestKilledTestLeavesNothing(t *testing.T) {
	mounttest.NeedFUSE(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	// not under this one's guard
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(), staleVariable + "=mnt"}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the other process says nothing")
	}
	dir, ok := strings.CutPrefix(lines.Text(), "mounted ")
	if _, mounted := mounts.At(dir); !ok || !mounted {
		t.Fatalf("it did not mount: %q", lines.Text())
	}
	holder := exec.Command("sh", "-c", `exec 3<"$1" && echo open && exec sleep 3600`, "sh",
		filepath.Join(dir, texturesName, "160_320_BI16.dds"))
	// as one that the test has started
	holder.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + filepath.Dir(dir)}
	if out, err = holder.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer holder.Process.Kill()
	if lines = bufio.NewScanner(out); !lines.Scan() {
		t.Fatal("no file of it could be opened")
	}
	cmd.Process.Kill()
	patience.Until(t, "nothing is mounted",
		func() bool { _, mounted := mounts.At(dir); return !mounted })
	if err := holder.Wait(); err == nil {
		t.Error("a process that it had started went on to its end")
	}
	patience.Until(t, "its folder is removed",
		func() bool {
			_, err := os.Lstat(filepath.Dir(dir))
			return errors.Is(err, os.ErrNotExist)
		})
}

func link(t *testing.T, to string) string {
	path := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnmountByPath(t *testing.T) {
	mounttest.NeedFUSE(t)
	t.Run("of another process", func(t *testing.T) {
		dir := t.TempDir()
		server, _ := serveElsewhere(t, dir)
		if err := Unmount(link(t, dir)); err != nil {
			t.Fatal(err)
		}
		if err := server.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	t.Run("stale", func(t *testing.T) {
		dir := t.TempDir()
		leaveStale(t, dir)
		if err := Unmount(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(dir); err != nil {
			t.Errorf("the directory is not free: %v", err)
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		for _, dir := range []string{t.TempDir(), "/", filepath.Join(t.TempDir(), "none")} {
			if err := Unmount(dir); !errors.Is(err, ErrNotMounted) {
				t.Errorf("Unmount(%s) = %v, want ErrNotMounted", dir, err)
			}
		}
	})
	t.Run("while a file is being looked up", func(t *testing.T) {
		release, began := make(chan struct{}), make(chan bool)
		o := liveAny(&fakeGenerator{
			answer: func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
				began <- true
				<-release
				return made(t), true, nil
			}})
		o.Deadline = time.Hour
		f := mountAt(t, t.TempDir(), o)
		r := mounttest.NewReader(t)
		opened := make(chan bool)
		go func() {
			_, errno, ok := r.TryOpen(f.textures("160_320_BI16.dds"))
			opened <- ok && errno == 0
		}()
		<-began
		tries := 0
		err := unmountPatiently(f.mountpoint, func(time.Duration) {
			if tries++; tries > 1 {
				return
			}
			close(release)
			if !<-opened {
				t.Error("who waited got no file")
			}
			r.Close()
		})
		if err != nil || tries == 0 {
			t.Errorf("Unmount: %v after %d pauses", err, tries)
		}
	})
	t.Run("in use", func(t *testing.T) {
		var a fakeArchive
		a.add("160_320_BI16", small)
		f := mountAt(t, t.TempDir(), Options{Archives: []Archive{&a}})
		r := mounttest.NewReader(t)
		fd, errno := r.Open(f.textures("160_320_BI16.dds"))
		if errno != 0 {
			t.Fatal(errno)
		}
		err := Unmount(f.mountpoint)
		if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "mount.test (") ||
			!strings.Contains(err.Error(), "-uz") {
			t.Errorf("Unmount: %v; want ErrBusy, who holds it and what to do", err)
		}
		if _, errno := r.Read(fd, 0, 100); errno != 0 {
			t.Errorf("read after a refused unmount: %v", errno)
		}
	})
}
