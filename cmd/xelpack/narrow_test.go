//go:build linux

package main

import (
	"bytes"
	"io"
	"path/filepath"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/xelpack/xelpack/internal/testing/pty"
)

// control is what moves the cursor or wipes a line.
var control = regexp.MustCompile(`\x1b\[[0-9;]*[A-Za-z]`)

// A line that is longer than the terminal is wide is drawn again below itself, five times a second,
// until nothing else is to be seen.
func TestProgressFitsNarrowTerminal(t *testing.T) {
	skipIfShort(t)
	archive := filepath.Join(t.TempDir(), "a.mbtiles")
	for _, args := range [][]string{
		{"build", "--bbox", "7.1,43.6,7.2,43.7", "--zoom", "12", "--provider", "sample", "-o",
			archive},
		{"verify", archive},
		{"repack", archive},
	} {
		const columns = 40
		master, slave := pty.Open(t, columns)
		cmd := command(t.Context(), t, args...)
		cmd.Stderr = slave
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		shown, _ := io.ReadAll(master) // the end of a terminal is an error
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, shown)
		}
		drawn := 0
		for _, line := range bytes.FieldsFunc(control.ReplaceAll(shown, nil),
			func(r rune) bool { return r == '\r' || r == '\n' }) {
			if !bytes.Contains(line, []byte("%")) {
				continue
			}
			drawn++
			if n := utf8.RuneCount(line); n >= columns {
				t.Errorf("%s: %d columns: %q", args[0], n, line)
			}
		}
		if drawn == 0 {
			t.Errorf("%s shows no progress: %q", args[0], shown)
		}
	}
}
