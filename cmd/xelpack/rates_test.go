package main

import (
	"os"
	"testing"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Once a build has measured what a provider gives, plans count on that, and a broken file of rates is none.
func TestPlansCountOnTheMeasuredRate(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	tex, err := tiles.ParseName("23952_33712_BI16")
	if err != nil {
		t.Fatal(err)
	}
	seconds := func() float64 {
		return estimatePlan([]tiles.Item{{Texture: tex}}, fetch.Provider{ID: "test", MaxZL: 19}, 32).Seconds
	}
	guessed := seconds()
	if err := rememberRate("test", pack.Report{Requests: measuredRequests - 1, ElapsedSeconds: 1e6}); err != nil {
		t.Fatal(err)
	}
	if got := seconds(); got != guessed {
		t.Errorf("a build of a few requests moves the estimate from %v to %v", guessed, got)
	}
	if err := rememberRate("test", pack.Report{Requests: 2560, ElapsedSeconds: 1000}); err != nil {
		t.Fatal(err)
	}
	if got := seconds(); got != 100 { // 256 chunks at 2.56 a second
		t.Errorf("estimated %v s, want 100 at the measured rate", got)
	}
	file, err := ratesFile()
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]float64{
		"{":                      guessed,
		`{"test": 2.56}`:         100, // as earlier versions wrote it
		`{"test": "fast"}`:       guessed,
		`{"test": []}`:           guessed,
		`{"test": [1.28, 5.12]}`: 80,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := seconds(); got != want {
			t.Errorf("with %s in the file %v s, want %v", content, got, want)
		}
	}
}

// One slow evening, and a build with an outage in the middle, once spoiled every later estimate.
func TestRatesAreTheUsual(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	build := func(seconds float64, outages int64) {
		if err := rememberRate("test", pack.Report{Requests: 10_000, ElapsedSeconds: seconds, Outages: outages}); err != nil {
			t.Fatal(err)
		}
	}
	build(10, 0)
	build(4000, 1)
	build(11, 0)
	build(1000, 0)
	if got := readRates()["test"].usual(); got != 10_000.0/11 {
		t.Errorf("%v a second, want the median of three builds without an outage", got)
	}
	for range 2 * keptRates {
		build(5, 0)
	}
	if got := readRates()["test"]; len(got) != keptRates || got.usual() != 2000 {
		t.Errorf("%v, want the latest %d", got, keptRates)
	}
}
