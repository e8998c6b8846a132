//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/paulmach/orb"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/mounttest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/internal/testing/pty"
	"github.com/xelpack/xelpack/internal/testing/scenerytest"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// newcomer is the home of a new user: X-Plane in a folder with a blank and an umlaut, a package in
// it, and a plan.
func newcomer(t *testing.T) (home, scenery string) {
	t.Helper()
	home = t.TempDir()
	x := filepath.Join(home, "Flüge", "X-Plane 12")
	for _, dir := range []string{"Resources", "Custom Scenery", "Output/FMS plans"} {
		if err := os.MkdirAll(filepath.Join(x, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	scenery = filepath.Join(x, "Custom Scenery", "zzXEL Öst_ortho")
	if _, err := scenerytest.Make(scenery, scenerytest.Options{
		Box:     tiles.Box{West: 5, South: 43.45, East: 5.5, North: 43.85},
		Airport: orb.Point{5.30, 43.60}, Limit: 9, AirportMax: 2, Real: 1,
	}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		filepath.Join(x, "Output/FMS plans/far.fms"):           farRoute,
		filepath.Join(home, ".x-plane/x-plane_install_12.txt"): x + "/\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return home, scenery
}

// One command and one yes lead from a plan to a sealed flight; a flight that was killed is taken up
// again by the same command, which then asks nothing. A build that was killed is continued: its
// flight was refused, because the archive was "unfinished".
func TestFlyAtTerminal(t *testing.T) {
	skipIfShort(t)
	mounttest.NeedFUSE(t)
	t.Parallel()
	home, scenery := newcomer(t)
	server := farmServer(t)
	packed := filepath.Join(scenery, "textures", "23936_33728_BI16.dds")
	fly := func() (cmd *exec.Cmd, master *os.File) {
		master, slave := pty.Open(t, 100)
		cmd = command(t.Context(), t, "fly", "--provider", server.Template())
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_DATA_HOME=", "XDG_CONFIG_HOME="+home)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		return cmd, master
	}
	answer := func(master *os.File, text string) {
		if _, err := fmt.Fprintln(master, text); err != nil {
			t.Fatal(err)
		}
	}

	cmd, master := fly()
	shown := pty.ReadUntil(t, master, "build it? [Y/n] ")
	t.Log(shown)
	for _, want := range []string{"textures    10 and 1", "download", "free ", "licence "} {
		if !strings.Contains(shown, want) {
			t.Errorf("before the question nothing is said of %q:\n%s", want, shown)
		}
	}
	answer(master, "no")
	if err := cmd.Wait(); err == nil || len(server.AskedFor()) > 0 {
		t.Errorf("after no: %v, %d requests", err, len(server.AskedFor()))
	}

	server.SetFault(fetchtest.Always(fetchtest.Stall))
	cmd, master = fly()
	pty.ReadUntil(t, master, "build it? [Y/n] ")
	answer(master, "")
	patience.Until(t, "the build fetches", func() bool { return len(server.AskedFor()) > 0 })
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := os.Stat(filepath.Join(home, ".local/share/xelpack/archives/far_127.0.0.1.mbtiles.part")); err != nil {
		t.Errorf("a build that was killed leaves no part: %v", err)
	}
	server.SetFault(nil)

	cmd, master = fly()
	pty.ReadUntil(t, master, "build it? [Y/n] ")
	answer(master, "")
	t.Log(pty.ReadUntil(t, master, "Ctrl-C ends it\r\n"))
	asked := len(server.AskedFor())
	cmd.Process.Kill()
	cmd.Wait()
	patience.Until(t, "the package is as before", func() bool {
		_, err := os.Stat(filepath.Join(scenery, "terrain"))
		_, errPacked := os.Stat(packed)
		return err == nil && errPacked != nil
	})

	cmd, master = fly()
	t.Log(pty.ReadUntil(t, master, "Ctrl-C ends it\r\n"))
	if _, err := os.Stat(packed); err != nil || len(server.AskedFor()) != asked {
		t.Errorf("again: %v; %d requests after %d", err, len(server.AskedFor()), asked)
	}
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
}
