package logs

import (
	"bytes"
	"encoding/json"
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
	for s, want := range map[string]slog.Level{"debug": slog.LevelDebug, "INFO": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError} {
		if got, err := ParseLevel(s); err != nil || got != want {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseLevel("loud"); err == nil || !strings.Contains(err.Error(), "debug, info, warn, error") {
		t.Errorf("a level that is none: %v", err)
	}
}
