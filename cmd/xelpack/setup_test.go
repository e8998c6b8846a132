//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/testing/pty"
)

// TestSetupAsks answers setup's questions at a terminal: only what is agreed to is changed.
func TestSetupAsks(t *testing.T) {
	skipIfShort(t)
	home := t.TempDir()
	x := filepath.Join(home, "Flüge", "X-Plane 12")
	order := filepath.Join(x, "Custom Scenery", "scenery_packs.ini")
	const unordered = "I\n1000 Version\nSCENERY\n\nSCENERY_PACK Custom Scenery/zOrtho süd/\nSCENERY_PACK *GLOBAL_AIRPORTS*\n"
	for file, text := range map[string]string{
		filepath.Join(home, ".x-plane", "x-plane_install_12.txt"):                   x + "/\n",
		filepath.Join(x, "Resources", "readme"):                                     "",
		filepath.Join(x, "Custom Scenery", "zOrtho süd", "Earth nav data", "a.dsf"): "",
		filepath.Join(x, "Custom Scenery", "zOrtho süd", "terrain", "1_2_BI16.ter"): "",
		order: unordered,
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
	}
	master, slave := pty.Open(t, 300)
	cmd := command(t.Context(), t, "setup")
	cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, "config"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	for _, dialogue := range [][2]string{
		{"(Enter for none): ", "simmer"}, {"[Y/n] ", "maybe"}, {"[Y/n] ", "y"}, {"[Y/n] ", ""}, {"[Y/n] ", "n"},
	} {
		pty.ReadUntil(t, master, dialogue[0])
		fmt.Fprintln(master, dialogue[1])
	}
	shown, _ := io.ReadAll(master) // the end of a terminal is an error
	if err := cmd.Wait(); err != nil || !strings.Contains(string(shown), "2 changes made") {
		t.Errorf("%v: %s", err, shown)
	}
	text, err := os.ReadFile(filepath.Join(home, "config", "xelpack", "config.toml"))
	if err != nil || !strings.Contains(string(text), "simbrief = \"simmer\"\n") || !strings.Contains(string(text), "X-Plane 12\"\n") {
		t.Errorf("config.toml: %q, %v", text, err)
	}
	if text, err := os.ReadFile(order); err != nil || string(text) != unordered {
		t.Errorf("scenery_packs.ini, which was to stay: %q, %v", text, err)
	}
}
