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
	"github.com/xelpack/xelpack/internal/testing/simbrieftest"
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
		filepath.Join(x, "Custom Scenery/scenery_packs.ini"): "I\n1000 Version\nSCENERY\n\n" +
			"SCENERY_PACK Custom Scenery/zzXEL Öst_ortho/\nSCENERY_PACK *GLOBAL_AIRPORTS*\n",
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

// From "the plan is in SimBrief, a package is installed" to "X-Plane may start" a newcomer types two
// commands and a name, and says yes: no path. For every other flight it is one command and one yes.
// A flight that was killed is taken up again by the same command, which then asks nothing. A build
// that was killed is continued: its flight was refused, because the archive was "unfinished".
func TestFlyAtTerminal(t *testing.T) {
	skipIfShort(t)
	mounttest.NeedFUSE(t)
	t.Parallel()
	home, scenery := newcomer(t)
	server, simBrief := farmServer(t), simbrieftest.Listen()
	t.Cleanup(simBrief.Close)
	packed := filepath.Join(scenery, "textures", "23936_33728_BI16.dds")
	start := func(verb string) (cmd *exec.Cmd, master *os.File) {
		master, slave := pty.Open(t, 100)
		cmd = command(t.Context(), t, verb)
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_DATA_HOME=", "XDG_CONFIG_HOME="+home,
			"XELPACK_PROVIDER="+server.Template(), "XELPACK_TEST_SIMBRIEF="+simBrief.URL)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		t.Log("$ xelpack " + verb)
		return cmd, master
	}
	// dialogue answers questions, each once what comes before is shown, and returns all that was.
	dialogue := func(master *os.File, questions [][2]string, last string) (shown string) {
		for _, q := range questions {
			part := pty.ReadUntil(t, master, q[0])
			if n := strings.Count(part, "? [Y/n] ") + strings.Count(part, "(Enter "); n != 1 {
				t.Errorf("%d questions at once: %s", n, part)
			}
			shown += part
			if _, err := fmt.Fprintln(master, q[1]); err != nil {
				t.Fatal(err)
			}
		}
		shown += pty.ReadUntil(t, master, last)
		t.Log(shown)
		return shown
	}
	build := func(answer string) [][2]string { return [][2]string{{"build it? [Y/n] ", answer}} }

	cmd, master := start("setup")
	dialogue(master, [][2]string{{"(Enter for none): ", "simmer"}, {`12"? [Y/n] `, ""},
		{`simmer"? [Y/n] `, ""}, {"hides it? [Y/n] ", ""}}, "3 changes made\r\n")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}

	cmd, master = start("fly")
	shown := dialogue(master, build("no"), "you said no")
	for _, want := range []string{"textures    10 and 1", "download", "free ", "licence "} {
		if !strings.Contains(shown, want) {
			t.Errorf("before the question nothing is said of %q:\n%s", want, shown)
		}
	}
	if err := cmd.Wait(); err == nil || len(server.AskedFor()) > 0 {
		t.Errorf("after no: %v, %d requests", err, len(server.AskedFor()))
	}

	server.SetFault(fetchtest.Always(fetchtest.Stall))
	cmd, master = start("fly")
	dialogue(master, build(""), "\n")
	patience.Until(t, "the build fetches", func() bool { return len(server.AskedFor()) > 0 })
	cmd.Process.Kill()
	cmd.Wait()
	if part, err := filepath.Glob(filepath.Join(home, ".local/share/xelpack/archives/*.part")); len(part) != 1 {
		t.Errorf("a build that was killed left %q, %v", part, err)
	}
	server.SetFault(nil)

	cmd, master = start("fly")
	dialogue(master, build(""), "Ctrl-C ends it\r\n")
	asked := len(server.AskedFor())
	cmd.Process.Kill()
	cmd.Wait()
	patience.Until(t, "the package is as before", func() bool {
		_, err := os.Stat(filepath.Join(scenery, "terrain"))
		_, errPacked := os.Stat(packed)
		return err == nil && errPacked != nil
	})

	cmd, master = start("fly")
	dialogue(master, nil, "Ctrl-C ends it\r\n")
	if _, err := os.Stat(packed); err != nil || len(server.AskedFor()) != asked {
		t.Errorf("again: %v; %d requests after %d", err, len(server.AskedFor()), asked)
	}
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
}
