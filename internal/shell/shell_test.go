package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

func TestCommand(t *testing.T) {
	for name, tc := range map[string]struct {
		system string
		args   []string
		want   string
	}{
		"plain":                 {"linux", []string{"xelpack", "verify", "a.mbtiles"}, `xelpack verify a.mbtiles`},
		"a blank":               {"linux", []string{"verify", "Custom Scenery/it's"}, `verify 'Custom Scenery/it'"'"'s'`},
		"Windows, plain":        {"windows", []string{"verify", `C:\Flüge\a_1.mbtiles`}, `verify C:\Flüge\a_1.mbtiles`},
		"Windows, a blank":      {"windows", []string{"verify", `C:\X-Plane 12\it's`}, `verify "C:\X-Plane 12\it's"`},
		"Windows, a list":       {"windows", []string{"verify", `a,b(1)&c.mbtiles`}, `verify "a,b(1)&c.mbtiles"`},
		"Windows, a last \\":    {"windows", []string{"mkdir", `C:\X-Plane 12\`}, `mkdir "C:\X-Plane 12\\"`},
		"Windows, a variable":   {"windows", []string{"verify", `$home it's`}, `verify '$home it''s'`},
		"Windows, nothing":      {"windows", []string{"verify", ""}, `verify ""`},
		"Windows, the name's ;": {"windows", []string{"verify", "a;b"}, `verify "a;b"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := of(tc.system).command(tc.args...); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestMisread(t *testing.T) {
	args := []string{"install", "a.mbtiles", "--scenery", `C:\X-Plane 12\zz" --copies`}
	const want = `no name has a " in it, as C:\X-Plane 12\zz" --copies has: leave out the \ before the ` +
		`closing quote: "C:\X-Plane 12\zz"`
	if got := of("windows").misread(args); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := of("windows").misread(args[:3]) + of("linux").misread(args); got != "" {
		t.Errorf("got %s, want nothing", got)
	}
}

// What is said is given to a shell of this system: sh, or cmd.
func TestPasted(t *testing.T) {
	sh := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		sh = []string{"cmd", "/c"}
	}
	run := func(command string) {
		t.Helper()
		// As a batch file or script, so that Go's own quoting does not interfere.
		script := filepath.Join(t.TempDir(), "said.bat")
		if err := os.WriteFile(script, []byte(command+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), sh[0], sh[1], script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	for _, name := range []string{"plain", "Custom Scenery", "it's & (more), too;"} {
		folder := filepath.Join(t.TempDir(), name, "inner")
		run(MakeFolder(folder))
		run(Move(folder, filepath.Join(filepath.Dir(folder), "moved "+name)))
		if _, err := os.Stat(filepath.Join(filepath.Dir(folder), "moved "+name)); err != nil {
			t.Error(err)
		}
	}
}
