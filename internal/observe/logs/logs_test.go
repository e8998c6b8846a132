package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestLinesOfOneMessageAreLimited(t *testing.T) {
	now := time.Unix(0, 0)
	var out bytes.Buffer
	log := New(&out, Options{Lines: 3, Within: time.Minute, now: func() time.Time { return now }})
	for range 10 {
		log.Warn("slow open")
		log.With("again", true).Warn("slow open") // shares the limit
	}
	log.Warn("another")
	if n := strings.Count(out.String(), "slow open"); n != 3 {
		t.Errorf("%d lines of one message, want 3:\n%s", n, out.String())
	}
	if !strings.Contains(out.String(), "another") {
		t.Error("another message was held back as well")
	}
	out.Reset()
	now = now.Add(time.Minute)
	log.Warn("slow open")
	if !strings.Contains(out.String(), "left_out=17") {
		t.Errorf("the next line does not say how many were left out: %s", out.String())
	}
	out.Reset()
	log.Warn("slow open")
	if strings.Contains(out.String(), "left_out") {
		t.Errorf("said twice: %s", out.String())
	}
}

// go-fuse puts inode numbers into its messages: each is another, and neither the memory nor the log
// may be filled with them.
func TestMessagesAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	var out bytes.Buffer
	log := New(&out, Options{Lines: 2, Within: time.Minute, now: func() time.Time { return now }})
	limits := log.Handler().(*limited).limits
	many := func() {
		for i := range 10 * maxMessages {
			log.Warn(fmt.Sprintf("inode %d is odd", i))
		}
	}
	many()
	if n := len(limits.messages); n > maxMessages+1 {
		t.Errorf("%d messages are kept, want no more than %d", n, maxMessages+1)
	}
	if n := strings.Count(out.String(), "is odd"); n != maxMessages+2 {
		t.Errorf("%d lines, want one of each message that is counted and two of the rest", n)
	}
	out.Reset()
	now = now.Add(time.Hour)
	log.Warn("a constant")
	log.Warn("a constant")
	log.Warn("a constant")
	if n := strings.Count(out.String(), "a constant"); n != 2 {
		t.Errorf("%d lines after a while, want 2: what is over still takes the place", n)
	}
	many()
	if n := len(limits.messages); n > maxMessages+1 {
		t.Errorf("%d messages are kept in the end, want no more than %d", n, maxMessages+1)
	}
	if !strings.Contains(out.String(), fmt.Sprintf("left_out=%d", 10*maxMessages-maxMessages-2)) {
		t.Error("how many were left out of those beyond is not said")
	}
}

func TestLevelsAndJSON(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, Options{Level: slog.LevelWarn, JSON: true})
	log.Info("not this")
	log.Warn("this", "texture", "16_16_BI16", "took", time.Second)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if line["msg"] != "this" || line["level"] != "WARN" || line["texture"] != "16_16_BI16" {
		t.Errorf("got %v", line)
	}
	for s, want := range map[string]slog.Level{"debug": slog.LevelDebug, "INFO": slog.LevelInfo,
		"warn": slog.LevelWarn, "error": slog.LevelError} {
		if got, err := ParseLevel(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil ||
		!strings.Contains(err.Error(), "want debug, info, warn or error") {
		t.Errorf("a level that is none: %v", err)
	}
}
