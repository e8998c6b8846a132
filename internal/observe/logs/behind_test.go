package logs

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xelpack/xelpack/internal/testing/patience"
)

// gate is a writer that takes nothing until it is opened.
type gate struct {
	open chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.Write(p)
}

func TestBehindKeepsTheOrder(t *testing.T) {
	var out bytes.Buffer
	b := NewBehind(&out, func(n int) { t.Errorf("%d writes were dropped", n) })
	var want strings.Builder
	for i := range 1000 {
		fmt.Fprintln(b, i)
		fmt.Fprintln(&want, i)
	}
	if !b.Close(patience.For(t)) {
		t.Fatal("it was not all written")
	}
	if out.String() != want.String() {
		t.Errorf("%d bytes were written, want %d in order", out.Len(), want.Len())
	}
	if n, err := b.Write([]byte("late")); n != 4 || err != nil {
		t.Errorf("a late write: %d, %v", n, err)
	}
}

func TestBehindFlushes(t *testing.T) {
	out := &gate{open: make(chan struct{})}
	close(out.open)
	b := NewBehind(out, nil)
	for i := range 100 {
		fmt.Fprintln(b, i)
		if !b.Flush(patience.For(t)) {
			t.Fatal("it takes too long")
		}
		out.mu.Lock()
		if want := fmt.Sprintf("\n%d\n", i); !strings.HasSuffix("\n"+out.got.String(), want) {
			t.Errorf("after a flush of %q: %q", want, out.got.String())
		}
		out.mu.Unlock()
	}
	if !b.Close(patience.For(t)) || !b.Flush(patience.For(t)) {
		t.Error("it was not all written")
	}
}

// Nobody waits for a writer that takes nothing; what had no room is counted, and said once there is
// a way.
func TestBehindNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{open: make(chan struct{})}
		var b *Behind
		b = NewBehind(out, func(n int) { fmt.Fprintf(b, "lost %d\n", n) })
		line := []byte(strings.Repeat("x", 1023) + "\n")
		const lines = 3000 // of which some 1,000 or, with those on their way, 2,000 have room
		for range lines {
			if n, err := b.Write(line); n != len(line) || err != nil {
				t.Fatalf("a write: %d, %v", n, err)
			}
		}
		if b.Flush(time.Second) {
			t.Error("all was written, to a writer that takes nothing")
		}
		if b.Close(time.Second) {
			t.Error("all was written, to a writer that takes nothing")
		}
		close(out.open)
		if !b.Close(time.Minute) {
			t.Error("it was not all written once there was a way")
		}
		if kept := bytes.Count(out.got.Bytes(), line); kept < 1000 || kept > 2100 {
			t.Errorf("%d lines of %d were kept", kept, lines)
		}
	})
}

func TestBehindSaysWhatWasLost(t *testing.T) {
	out := &gate{open: make(chan struct{})}
	var b *Behind
	b = NewBehind(out, func(n int) { fmt.Fprintf(b, "lost %d\n", n) })
	line := []byte(strings.Repeat("x", 1023) + "\n")
	const lines = 3000
	for range lines {
		b.Write(line)
	}
	close(out.open)
	for end := time.Now().Add(patience.For(t)); ; time.Sleep(time.Millisecond) {
		out.mu.Lock()
		text := out.got.String()
		out.mu.Unlock()
		if kept, said := strings.Count(text, "x\n"), 0; strings.HasSuffix(text, "\n") {
			for _, l := range strings.Split(text, "\n") {
				var n int
				if _, err := fmt.Sscanf(l, "lost %d", &n); err == nil {
					said += n
				}
			}
			if kept+said == lines {
				break
			}
		}
		if time.Now().After(end) {
			t.Fatalf("of %d lines, %d were kept; the last words are %q", lines,
				strings.Count(text, "x\n"), text[max(0, len(text)-40):])
		}
	}
	if !b.Close(patience.For(t)) {
		t.Error("it was not all written")
	}
}
