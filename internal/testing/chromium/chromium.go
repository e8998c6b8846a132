// Package chromium opens pages in a real browser without a window, for tests.
package chromium

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// Find returns the browser's program. Where there is none, the test is skipped.
func Find(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser: not with -short")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no chromium, chromium-browser or google-chrome is installed (Debian: apt-get install " +
		"chromium)")
	return ""
}

// Open opens a page and returns what flags make the browser print.
func Open(t testing.TB, url string, flags ...string) []byte {
	t.Helper()
	binary := Find(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience.For(t))
	defer cancel()
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir=" + filepath.Join(t.TempDir(), "profile"),
		"--window-size=1400,900", "--virtual-time-budget=3000",
	}, flags...)
	cmd := exec.CommandContext(ctx, binary, append(args, url)...)
	cmd.WaitDelay = 5 * time.Second // its children may hold the pipes
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("chromium: %v: %s", err, exit.Stderr)
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("chromium: %v", err)
	}
	return out
}
