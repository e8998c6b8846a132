package doctor

import (
	"os"
	"path/filepath"
	"testing"

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
