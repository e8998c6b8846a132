//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/testing/pty"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// A person at a terminal sees how far a replay is; a pipe gets nothing of it.
func TestReplayShowsHowFarItIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.trace")
	w, err := trace.Create(file, trace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "textures"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(3) {
		x := tiles.Texture{Row: 16, Col: 16 * i, ZL: 16, Maptype: "BI"}
		if err := os.WriteFile(filepath.Join(dir, "textures", x.File()), make([]byte, 200),
			0o666); err != nil {
			t.Fatal(err)
		}
		w.Record(trace.Event{Op: trace.OpOpen, Texture: x, Size: 200,
			Start: time.Duration(i) * time.Minute})
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for speed, want := range map[float64]string{
		0:    `100% \[=+\]  2 min of 2 min of flight, 3 of 3 opens, [0-9]+/s`,
		6000: `100% \[=+\]  2 min of 2 min of flight, 3 of 3 opens, [0-9]+/s`,
	} {
		master, slave := pty.Open(t, 200)
		o := replayOptions{Options: replay.Options{Speed: speed, AtOnce: 4}}
		var out, piped bytes.Buffer
		if err := runReplay(t.Context(), o, file, dir, &out, slave); err != nil {
			t.Fatal(err)
		}
		if shown := pty.ReadUntil(t, master, "\n"); !regexp.MustCompile(want).MatchString(shown) {
			t.Errorf("at speed %v %q was shown, want %s", speed, shown, want)
		}
		if err := runReplay(t.Context(), o, file, dir, &out, &piped); err != nil {
			t.Fatal(err)
		}
		if piped.Len() > 0 {
			t.Errorf("a pipe got %q", piped.String())
		}
	}
}
