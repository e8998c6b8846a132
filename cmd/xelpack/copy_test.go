package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/hint"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// What is done whole or not at all says so: nothing was kept that could be gone on with.
func TestUndoneErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		code int
		says string
	}{
		{"interrupted", hint.Undone(fmt.Errorf("a.mbtiles: %w", context.Canceled)), exitInterrupted,
			"nothing was changed: run the same command to start over"},
		{"interrupted build", context.Canceled, exitInterrupted, "finished work is kept"},
		{"full", hint.Undone(mbtiles.ErrFull), exitDiskFull,
			"hint: free some space or choose another place; nothing was changed"},
		{"full build", mbtiles.ErrFull, exitDiskFull, "it continues where it stopped"},
		{"differ", errDiffer, exitFailed, "differ"},
	} {
		var out bytes.Buffer
		if code := exitCode(&out, tt.err); code != tt.code ||
			!strings.Contains(out.String(), tt.says) {
			t.Errorf("%s: code %d, want %d; %q, want %q", tt.name, code, tt.code, out.String(),
				tt.says)
		}
	}
}
