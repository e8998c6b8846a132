package build

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
)

// Once builds have measured what a provider gives, plans count on that: on the median of what they
// came to, and not on one whose provider was down. A broken file of what they came to is none.
func TestPlansCountOnTheMeasuredRate(t *testing.T) {
	if testing.Short() {
		t.Skip("plans one after the other: for the full suite")
	}
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("LocalAppData", cache) // as Windows calls it
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	t.Setenv("AppData", config)
	if err := os.Mkdir(filepath.Join(config, "xelpack"), 0o700); err != nil {
		t.Fatal(err)
	}
	toml := "[[provider]]\nid = \"test\"\ncode = \"TT\"\nname = \"Test\"\ntemplate = \"http://127.0.0.1:9/{z}/{x}/{y}.jpg\"\nmax_zl = 19\nlicence = \"none\"\nattribution = \"none\"\n"
	if err := os.WriteFile(filepath.Join(config, "xelpack", "providers.toml"), []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	make := func() *plan.Plan {
		t.Helper()
		o := plan.Options{Selection: plan.Defaults(), Imagery: imagery.Options{Provider: "test", Concurrency: 32}}
		o.BBox = "5.20,43.47,5.21,43.50"
		p, err := plan.Make(t.Context(), o)
		if err != nil || len(p.Items) != 1 {
			t.Fatalf("%+v, %v: want a plan of one texture", p, err)
		}
		return p
	}
	seconds := func() float64 { return math.Round(make().Estimate.Seconds) }
	p := make()
	build := func(requests int64, took float64, outages int64) {
		t.Helper()
		r := record{provider: p.Provider, begun: estimate.Run{Concurrency: 32}}
		if err := r.remember("a.mbtiles", pack.Report{Requests: requests, ElapsedSeconds: took, Outages: outages}, p.Items); err != nil {
			t.Fatal(err)
		}
	}
	guessed := seconds()
	build(999, 1e6, 0)
	if got := seconds(); got != guessed {
		t.Errorf("a build of a few requests moves the estimate from %v to %v", guessed, got)
	}
	build(2560, 1e7, 1)
	if got := seconds(); got != guessed {
		t.Errorf("a build with an outage moves the estimate from %v to %v", guessed, got)
	}
	build(2560, 1000, 0)
	if got := seconds(); got != 100 { // 256 chunks at 2.56 a second
		t.Errorf("estimated %v s, want 100 at the measured rate", got)
	}
	build(2560, 1000, 0)
	build(2560, 1e6, 0)
	if got := seconds(); got != 100 {
		t.Errorf("one slow build among three moves the estimate from 100 to %v", got)
	}
	file := filepath.Join(cache, "xelpack", "rates.json")
	for content, want := range map[string]float64{
		"{":                      guessed,
		`{"test": 2.56}`:         100, // as earlier versions wrote it
		`{"test": [1.28, 5.12]}`: 80,
		`{"test": "fast"}`:       guessed,
		`{"test": []}`:           guessed,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := seconds(); got != want {
			t.Errorf("with %s in the file %v s, want %v", content, got, want)
		}
	}
}
