package mounts

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// A program that does not end keeps nobody waiting, nor does what it has started.
func TestRunPatiently(t *testing.T) {
	if err := runPatiently(patience.For(t), exec.Command("true")); err != nil {
		t.Error(err)
	}
	if err := runPatiently(patience.For(t),
		exec.Command("sh", "-c", "echo not so >&2; exit 3")); err == nil ||
		!strings.Contains(err.Error(), "not so") {
		t.Errorf("a failure: %v", err)
	}
	for what, script := range map[string]string{"hangs": "exec sleep 3600",
		"leaves a child behind": "sleep 3600 & echo $!; wait"} {
		done := make(chan error, 1)
		go func() { done <- runPatiently(100*time.Millisecond, exec.Command("sh", "-c", script)) }()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "has not ended") {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(patience.For(t)):
			t.Errorf("%s: it is waited for", what)
		}
	}
}
