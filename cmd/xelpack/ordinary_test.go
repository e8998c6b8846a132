package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// ownDevice runs the rest of its arguments as user $1, group $2, with a /dev/fuse that everybody
// may open, as distributions have it; only what it starts sees that.
const ownDevice = `set -e
uid=$1 gid=$2; shift 2
mount -t tmpfs -o mode=755 none dev
mknod -m 666 dev/fuse c 10 229
mount --bind dev/fuse /dev/fuse
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups env HOME="$PWD" TMPDIR="$PWD" XDG_STATE_HOME= XDG_CACHE_HOME= XDG_CONFIG_HOME= "$@"`

// An ordinary user mounts, reads, is told who holds the mount, and unmounts, by way of fusermount3.
func TestOrdinaryUser(t *testing.T) {
	mounttest.NeedFUSE(t)
	skipIfShort(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user; run as an ordinary user the other tests of " +
			"the mount show the same")
	}
	for _, tool := range []string{"useradd", "userdel", "setpriv", "unshare", "fusermount3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no ordinary user can be had here: %v", err)
		}
	}
	t.Parallel()
	who := newUser(t)
	// not t.TempDir, whose parents are root's alone
	home, err := os.MkdirTemp("", "xelpack-ordinary-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	prepareHome(t, home, who)
	mountAsRoot(t, home)

	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "sh", "-c",
		mounttest.Apart+ownDevice, "sh",
		who.Uid, who.Gid, "sh", "ordinary_user.sh")
	cmd.Dir = home
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "== done") {
		t.Errorf("%v\n%s", err, out)
	}
}

// mountAsRoot mounts the user's archive where the user cannot look.
func mountAsRoot(t *testing.T, home string) {
	t.Helper()
	mountpoint, state := filepath.Join(home, "root's"), t.TempDir()
	if err := os.Mkdir(mountpoint, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"mount", "--daemon", "--log", filepath.Join(state, "log"), "--pid-file",
		filepath.Join(state, "pid"), filepath.Join(home, "flight.mbtiles"), mountpoint}
	if out, err := command(t.Context(), t, args...).CombinedOutput(); err != nil {
		t.Fatalf("mount as root: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := command(context.Background(), t, "umount",
			mountpoint).CombinedOutput(); err != nil {
			t.Errorf("umount as root: %v\n%s", err, out)
		}
	})
}

// newUser adds a user to the system until the test ends.
func newUser(t *testing.T) *user.User {
	t.Helper()
	name := fmt.Sprintf("xelpack%d", os.Getpid()%100000)
	if out, err := exec.Command("useradd", "--no-create-home", name).CombinedOutput(); err != nil {
		t.Skipf("no user can be added here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("userdel", name).CombinedOutput(); err != nil {
			t.Errorf("userdel %s: %v: %s", name, err, out)
		}
	})
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// prepareHome puts what ordinary_user.sh needs into home and gives it all to who.
func prepareHome(t *testing.T, home string, who *user.User) {
	t.Helper()
	at := func(name string) string { return filepath.Join(home, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := scenerytest.Make(at("scenery"), scenerytest.Options{
		Box: tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85}, Airport: orb.Point{5.30,
			43.60}, Limit: 9, AirportMax: 2, Real: 1,
	})
	must(err)
	must(os.WriteFile(at("far.geojson"), []byte(farRoute), 0o666))
	for _, args := range [][]string{
		{"build", "--route", at("far.geojson"), "--scenery", at("scenery"), "--corridor", "74km",
			"--provider", farmServer(t).Template(), "-o", at("flight.mbtiles")},
		{"export", at("flight.mbtiles"), at("out")},
	} {
		if out, err := command(t.Context(), t, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	exe, err := binary()
	must(err)
	copyTo(t, exe, at("xelpack"), 0o755)
	copyTo(t, filepath.Join("testdata", "ordinary_user.sh"), at("ordinary_user.sh"), 0o644)
	must(os.Mkdir(at("dev"), 0o755))
	uid, _ := strconv.Atoi(who.Uid)
	gid, _ := strconv.Atoi(who.Gid)
	must(filepath.WalkDir(home, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	}))
}

func copyTo(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, mode)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}
