//go:build linux

package mount

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/mount/internal/mounts"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestMountpointErrors(t *testing.T) {
	mounttest.NeedFUSE(t)
	base := t.TempDir()
	for _, dir := range []string{"scenery/terrain", "scenery/mnt", "mnt", "full", "archives/mnt", "other"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	at := func(p string) string { return filepath.Join(base, p) }
	write(t, base, "file", nil)
	write(t, base, "full/x", nil)
	write(t, base, "archives/a.mbtiles", nil)
	toScenery := link(t, at("scenery"))
	mounted := mountTemp(t, Options{})
	other, err := fuse.NewServer(fuse.NewDefaultRawFileSystem(), at("other"), &fuse.MountOptions{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	go other.Serve()
	defer func() { _ = other.Unmount() }()

	for name, c := range map[string]struct {
		at   string
		o    Options
		want error
		says string
	}{
		"missing":      {at("none"), Options{}, ErrMountpoint, "mkdir -p"},
		"a file":       {at("file"), Options{}, ErrMountpoint, "is a file"},
		"below a file": {at("file/x"), Options{}, ErrMountpoint, "not a directory"},
		"not empty":    {at("full"), Options{}, ErrNotEmpty, `holds "x"`},
		"archive in the scenery itself": {at("archives"),
			Options{Scenery: []string{at("archives")}, Files: []string{at("archives/a.mbtiles")}},
			ErrInside, "move it"},
		"inside the scenery": {at("scenery/mnt"), Options{Scenery: []string{at("scenery")}},
			ErrInside, "elsewhere"},
		"scenery through a link": {at("scenery/mnt"), Options{Scenery: []string{toScenery}},
			ErrInside, "elsewhere"},
		"mountpoint through link": {filepath.Join(toScenery, "mnt"),
			Options{Scenery: []string{at("scenery")}}, ErrInside, "elsewhere"},
		"parent of the scenery": {base, Options{Scenery: []string{at("scenery")}}, ErrInside,
			"elsewhere"},
		"parent of the archive": {at("archives"),
			Options{Files: []string{at("archives/a.mbtiles")}}, ErrInside, "a.mbtiles"},
		"mounted already": {mounted.mountpoint, Options{}, ErrMounted, "xelpack umount"},
		"over another program's": {at("other"), Options{Scenery: []string{at("other")}}, ErrMounted,
			"another program (fuse.other); end that first"},
		"scenery missing": {at("mnt"), Options{Scenery: []string{at("none")}},
			os.ErrNotExist, "none"},
		"scenery a file": {at("mnt"), Options{Scenery: []string{at("file")}}, nil,
			"is not a directory"},
		"archive missing": {at("mnt"), Options{Files: []string{at("none.mbtiles")}},
			os.ErrNotExist, "none.mbtiles"},
		"live without generator": {at("mnt"), Options{Live: LiveAny}, nil, "Generator"},
		"live without names": {at("mnt"), Options{Live: LiveScenery, Generator: healthy()},
			nil, "Wanted"},
		"live mode unknown": {at("mnt"), Options{Live: 7, Generator: healthy()}, nil,
			"LiveMode(7)"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Mount(t.Context(), c.at, c.o)
			if err == nil {
				f.Unmount(context.Background())
				t.Fatal("it was mounted")
			}
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q, want %v that says %q", err, c.want, c.says)
			}
		})
	}
	// What may look like the above and is right.
	mountAt(t, at("archives/mnt"),
		Options{Scenery: []string{at("scenery")}, Files: []string{at("archives/a.mbtiles")}})
	mountAt(t, link(t, at("mnt")), Options{})
}

// A mount that is in use is detached after the grace period; who uses it is named and goes on
// reading.
func TestUnmountInUse(t *testing.T) {
	var a fakeArchive
	want := sha256.Sum256(a.add("160_320_BI16", LiveLayout()))
	f := mountTemp(t, Options{Archives: []Archive{&a}, Grace: 50 * time.Millisecond})
	r := mounttest.NewReader(t)
	fd, errno := r.Open(f.textures("160_320_BI16.dds"))
	if errno != 0 {
		t.Fatal(errno)
	}
	err := f.Unmount(t.Context())
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "mount.test (") {
		t.Errorf("Unmount: %v; want ErrBusy and who holds it", err)
	}
	if _, ok := mounts.At(f.mountpoint); ok {
		t.Error("it is still mounted")
	}
	select {
	case <-f.done:
		t.Error("Wait would return while a file is open")
	default:
	}
	if got, errno := r.Hash(fd); errno != 0 || got != want {
		t.Errorf("a file that was open: other bytes than expected, %v", errno)
	}
	r.Close()
	if err := f.Wait(); err != nil {
		t.Errorf("Wait: %v", err)
	}
	if err := f.Unmount(t.Context()); err != nil {
		t.Errorf("Unmount when it has ended: %v", err)
	}
}

// Unmount gives up waiting for a generator that does not heed its context when told to, and Wait
// returns once it has come to its end.
func TestUnmountWithDeafGenerator(t *testing.T) {
	release, began := make(chan struct{}), make(chan bool)
	g := &fakeGenerator{answer: func(_ context.Context, t tiles.Texture) ([]byte, bool, error) {
		began <- true
		<-release
		return made(t), true, nil
	}}
	o := liveAny(g)
	o.Deadline = time.Hour
	f := mountTemp(t, o)
	r := mounttest.NewReader(t)
	answered := make(chan bool)
	go func() {
		_, errno, ok := r.TryOpen(f.textures("160_320_BI16.dds"))
		answered <- ok && errno == 0
	}()
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	unmounted := make(chan error)
	go func() { unmounted <- f.Unmount(ctx) }()
	if !<-answered {
		t.Error("who waited got no file")
	}
	r.Close()
	patience.Until(t, "it is unmounted",
		func() bool { _, ok := mounts.At(f.mountpoint); return !ok })
	cancel()
	if err := <-unmounted; !errors.Is(err, context.Canceled) {
		t.Errorf("Unmount: %v, want context.Canceled", err)
	}
	close(release)
	if err := f.Wait(); err != nil {
		t.Errorf("Wait: %v", err)
	}
}

// The kernel was told what the simulator needs.
func TestKernelSettings(t *testing.T) {
	f := mountTemp(t, Options{})
	m, ok := mounts.At(f.mountpoint)
	if !ok || !m.Ours() || m.Device != f.device {
		t.Errorf("mounted as %+v, %v", m, ok)
	}
	control := t.TempDir()
	if err := unix.Mount("none", control, "fusectl", 0, ""); err != nil {
		t.Skipf("the kernel's settings cannot be seen: %v", err)
	}
	defer unix.Unmount(control, unix.MNT_DETACH)
	_, minor, _ := strings.Cut(f.device, ":")
	for name, want := range map[string]string{"max_background": "1024",
		"congestion_threshold": "768"} {
		if got, err := os.ReadFile(filepath.Join(control, minor, name)); strings.TrimSpace(
			string(got)) != want {
			t.Errorf("%s is %q, %v; want %s", name, got, err, want)
		}
	}
}

// A second Unmount of a detached mount leaves alone what has been mounted in its place.
func TestUnmountTwice(t *testing.T) {
	mounttest.NeedFUSE(t)
	var a fakeArchive
	a.add("160_320_BI16", small)
	dir := t.TempDir()
	o := Options{Archives: []Archive{&a}, Grace: time.Millisecond}
	old := mountAt(t, dir, o)
	r := mounttest.NewReader(t)
	if _, errno := r.Open(old.textures("160_320_BI16.dds")); errno != 0 {
		t.Fatal(errno)
	}
	if err := old.Unmount(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("first: %v, want ErrBusy", err)
	}
	mountAt(t, dir, o)
	if err := old.Unmount(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("second: %v, want ErrBusy", err)
	}
	if _, errno := r.Stat(old.textures("160_320_BI16.dds")); errno != 0 {
		t.Errorf("what has been mounted since is gone: %v", errno)
	}
}

func TestAllowsOther(t *testing.T) {
	for conf, want := range map[string]bool{
		"": false, "user_allow_other": true, "mount_max = 1000\n  user_allow_other \n": true,
		"#user_allow_other\n": false, "user_allow_other_not\n": false,
	} {
		if got := allowsOther([]byte(conf)); got != want {
			t.Errorf("allowsOther(%q) = %v", conf, got)
		}
	}
}

func TestParseLiveMode(t *testing.T) {
	for s, want := range map[string]LiveMode{"off": LiveOff, "scenery": LiveScenery,
		"any": LiveAny} {
		if got, err := ParseLiveMode(s); err != nil || got != want || got.String() != s {
			t.Errorf("ParseLiveMode(%q) = %v, %v", s, got, err)
		}
	}
	if _, err := ParseLiveMode("on"); err == nil || !strings.Contains(err.Error(), "scenery") {
		t.Errorf("ParseLiveMode(on): %v", err)
	}
}
