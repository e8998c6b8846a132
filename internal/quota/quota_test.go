package quota

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// at returns a Counter whose clock stands.
func at(dir string, now time.Time) *Counter {
	c := New(dir)
	c.now = func() time.Time { return now }
	return c
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// TestProcessesShareADay has several counters on one folder, as several processes have, take all
// that there is: together they get as much as the provider allows, and no more.
func TestProcessesShareADay(t *testing.T) {
	const perDay, processes, workers = 1000, 3, 4
	dir := filepath.Join(t.TempDir(), "requests")
	var got atomic.Int64
	var all sync.WaitGroup
	for range processes {
		c := at(dir, noon)
		for range workers {
			all.Go(func() {
				for {
					if err := c.Take(t.Context(), "linz", perDay); err != nil {
						if !errors.Is(err, ErrUsedUp) {
							t.Error(err)
						}
						return
					}
					got.Add(1)
				}
			})
		}
	}
	all.Wait()
	if got.Load() != perDay {
		t.Errorf("%d requests, want %d", got.Load(), perDay)
	}
	if err := at(dir, noon).Take(t.Context(), "mapbox", perDay); err != nil {
		t.Errorf("another provider: %v", err)
	}
	if err := at(dir, noon.Add(12*time.Hour)).Take(t.Context(), "linz", perDay); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

// TestWhatIsLeftIsGivenBack takes one of a hundred, and all the others after it.
func TestWhatIsLeftIsGivenBack(t *testing.T) {
	dir := t.TempDir()
	c := at(dir, noon)
	if err := c.Take(t.Context(), "a", 1000); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = at(dir, noon)
	for n := range 999 {
		if err := c.Take(t.Context(), "a", 1000); err != nil {
			t.Fatalf("after %d: %v", n, err)
		}
	}
	if err := c.Take(t.Context(), "a", 1000); !errors.Is(err, ErrUsedUp) ||
		!strings.Contains(err.Error(), "a takes 1000 requests a day") {
		t.Errorf("one too many: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.json"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := at(dir, noon).Take(t.Context(), "a", 10); err == nil ||
		!strings.Contains(err.Error(), "a.json") || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("%v, want one that names the file and the remedy", err)
	}
}
