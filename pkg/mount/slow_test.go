//go:build linux

package mount

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestLogSlow(t *testing.T) {
	var log bytes.Buffer
	h := &heard{waiting: map[tiles.Key]int{}}
	s := LogSlow(h, time.Second, slog.New(slog.NewTextHandler(&log, nil)))
	x := tex("160_320_BI16")
	for _, a := range []Answer{
		{Op: OpRead, From: FromArchive, Texture: x, Offset: 128, Length: 4096, Took: time.Second},
		{Op: OpRead, From: FromArchive, Texture: x, Took: 999 * time.Millisecond},
		{Op: OpOpen, From: FromLive, Texture: x, Took: 4 * time.Second},
		{Op: OpList, Took: 2 * time.Second},
	} {
		s.Asked(a.Op, a.Texture)
		s.Answered(a)
	}
	if len(h.answers) != 4 {
		t.Errorf("the next observer heard of %d requests, want 4", len(h.answers))
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	for i, want := range []string{
		`msg="slow read" took=1s texture=160_320_BI16 from=archive offset=128 bytes=4096`,
		`msg="slow open" took=4s texture=160_320_BI16 from=live`,
		`msg="slow list" took=2s`,
	} {
		if i >= len(lines) || !strings.HasSuffix(lines[i], want) {
			t.Errorf("log line %d of %q: want %s", i, lines, want)
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d lines, want 3: %q", len(lines), lines)
	}
}
