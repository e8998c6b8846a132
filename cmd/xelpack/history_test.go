package main

import (
	"math"
	"os"
	"testing"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Once builds have measured what a provider gives, plans count on that: on the median of what they
// came to, and not on one whose provider was down. A broken file of what they came to is none.
func TestPlansCountOnTheMeasuredRate(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	p := fetch.Provider{ID: "test", MaxZL: 19}
	items := []tiles.Item{{Texture: tiles.Texture{Row: 23952, Col: 33712, ZL: 16, Maptype: "BI"}}}
	seconds := func() float64 {
		t.Helper()
		e, err := estimatePlan(t.Context(), items, p, imagery.Options{Concurrency: 32}, estimate.Options{}, "")
		if err != nil {
			t.Fatal(err)
		}
		return math.Round(e.Seconds)
	}
	build := func(requests int64, took float64, outages int64) {
		t.Helper()
		r := runRecord{provider: p, begun: estimate.Run{Concurrency: 32}}
		if err := r.remember("a.mbtiles", pack.Report{Requests: requests, ElapsedSeconds: took, Outages: outages}, items); err != nil {
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
	file, err := historyFile()
	if err != nil {
		t.Fatal(err)
	}
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
