package progress

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func TestRender(t *testing.T) {
	p := point{"", 1, 4, []string{"3/12 textures", "4.5 MB/s", "40 chunks/s", "1200/4800 chunks"}}
	for columns, want := range map[int]string{
		1: "25%", 20: "25%, 30s left", 40: "25% [>.....]  30s left, 3/12 textures",
		60: "25% [===>............]  30s left, 3/12 textures, 4.5 MB/s",
		90: "25% [==>............]  30s left, 3/12 textures, 4.5 MB/s, 40 chunks/s, 1200/4800 " +
			"chunks",
	} {
		if got := p.render(columns, 10*time.Second); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
	large := point{"verify", 1<<62 - 1, 1 << 62, []string{strings.Repeat("x", 100)}}
	for columns := 14; columns < 300; columns++ {
		for _, p := range []point{p, large, {}, {"", 5, 0, nil}, {"", 9, 3, []string{"x"}}} {
			if got := p.render(columns, time.Hour); utf8.RuneCountInString(got) >= columns {
				t.Errorf("%d columns: %q", columns, got)
			}
		}
	}
}

// A build whose messages go into a file, or to a service manager, says once a minute that it is
// alive.
func TestLogWithoutTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var chunks atomic.Int64
		var mu sync.Mutex
		var lines []string
		var shown strings.Builder
		bar := New(&shown, 1000, 10, func() State {
			n := chunks.Load()
			return State{Chunks: n, Textures: n / 100, Bytes: n * 1e6}
		},
			func(line string) {
				mu.Lock()
				defer mu.Unlock()
				lines = append(lines, line)
			})
		for range 3 {
			chunks.Add(200)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		time.Sleep(30 * time.Second)
		bar.Close()
		want := []string{
			"20%, 4m0s left, 2/10 textures, 3.3 MB/s, 3 chunks/s, 200/1000 chunks",
			"40%, 3m0s left, 4/10 textures, 3.3 MB/s, 3 chunks/s, 400/1000 chunks",
			"60%, 2m0s left, 6/10 textures, 3.3 MB/s, 3 chunks/s, 600/1000 chunks",
		}
		if strings.Join(lines, "\n") != strings.Join(want, "\n") {
			t.Errorf("logged:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
		}
		if shown.Len() > 0 {
			t.Errorf("shown: %q", shown.String())
		}
	})
}

func TestNothingInPipe(t *testing.T) {
	var b strings.Builder
	bar := Watch(&b, 10, func() (int64, []string) { return 5, nil })
	bar.Close()
	m := NewMeter(&b, "verify")
	m.Set(5, 10)
	m.Close()
	if b.Len() > 0 {
		t.Errorf("%q", b.String())
	}
}
