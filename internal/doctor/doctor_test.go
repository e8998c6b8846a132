package doctor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/testing/guard"
)

func TestMain(m *testing.M) {
	guard.Start()
	m.Run()
}

func TestVerdicts(t *testing.T) {
	const s = subject("x")
	covered, whole := Coverage(nil, nil)
	if whole {
		t.Error("nothing at all needs no provider")
	}
	for name, c := range map[string]struct {
		got  Finding
		want Verdict
	}{
		"few descriptors":     {limits(s, 1024), Warning},
		"many descriptors":    {limits(s, 1<<20), OK},
		"memory for all":      {memory(s, 8e9, 2e9), OK},
		"memory too little":   {memory(s, 2e9, 2.3e9), Warning},
		"disk for all":        {room(s, "/", 20e9, 10e9), OK},
		"disk for some":       {room(s, "/", 5e9, 10e9), Warning},
		"disk full":           {room(s, "/", 1e6, 10e9), Failure},
		"configuration":       {Config(nil, nil), OK},
		"configuration bad":   {Config(nil, os.ErrInvalid), Failure},
		"provider down":       {Provider("eox", "", os.ErrDeadlineExceeded, true), Failure},
		"provider not needed": {Provider("eox", "", os.ErrDeadlineExceeded, false), Warning},
		"nothing to cover":    {covered, Skipped},
		"disk, not yet":       {Disk(filepath.Join(t.TempDir(), "a", "b"), 0), OK},
	} {
		if c.got.Verdict != c.want {
			t.Errorf("%s: %+v, want %s", name, c.got, c.want)
		}
		if bad := c.want == Warning || c.want == Failure; bad == (c.got.Remedy == "") {
			t.Errorf("%s: remedy %q", name, c.got.Remedy)
		}
	}
}

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		in   []Verdict
		want Verdict
	}{{nil, OK}, {[]Verdict{Skipped, OK}, Skipped}, {[]Verdict{Failure, Warning},
		Failure}, {[]Verdict{OK, Warning, Skipped}, Warning}} {
		var findings []Finding
		for _, v := range c.in {
			findings = append(findings, Finding{Verdict: v})
		}
		if got := Worst(findings); got != c.want {
			t.Errorf("Worst(%v) = %s, want %s", c.in, got, c.want)
		}
	}
}

func TestReadPacks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scenery_packs.ini")
	text := "I\r\n1000 Version\r\nSCENERY\r\n\r\nSCENERY_PACK Custom Scenery/A " +
		"b/\r\nSCENERY_PACK_DISABLED C:\\X-Plane 12\\Custom Scenery\\C\\\nSCENERY_PACK " +
		"*GLOBAL_AIRPORTS*\nrubbish\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := readPacks(file)
	want := []pack{{"Custom Scenery/A b", false}, {"C:/X-Plane 12/Custom Scenery/C", true},
		{"*GLOBAL_AIRPORTS*", false}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(pack{})); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestFindXPlane(t *testing.T) {
	home, xp := t.TempDir(), t.TempDir()
	t.Setenv("LOCALAPPDATA", "") // Windows' own
	if got := FindXPlane(home); got != "" {
		t.Errorf("found %q where there is none", got)
	}
	if err := os.MkdirAll(installNotes(home), 0o777); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"x-plane_install_12.txt": "/gone/X-Plane 12/\n" + xp +
		"/\n", "x-plane_install_11.txt": home + "\n"} {
		if err := os.WriteFile(filepath.Join(installNotes(home), file), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got := FindXPlane(home); got != xp {
		t.Errorf("found %q, want %q", got, xp)
	}
}
