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
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := seconds(); got != guessed {
		t.Errorf("with a broken file %v s, want %v", got, guessed)
	}
}
