package fetchtest

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Subject is a source under test with its chunks of each kind. Lists other than OK may be empty.
type Subject struct {
	Source    fetch.Source
	OK        []tiles.Chunk // imagery
	NoImagery []tiles.Chunk
	Failing   []tiles.Chunk // an error that is not ErrNoImagery, without long waits
	Stuck     []tiles.Chunk // never answered
}

// RunSourceSuite checks that the sources of factory fulfil the contract of fetch.Source and leave
// no goroutine behind. A factory ends whatever it starts with t.Cleanup.
func RunSourceSuite(t *testing.T, factory func(t *testing.T) Subject) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, Subject)
	}{
		{"imagery is a whole image", testImagery},
		{"the body is the caller's", testOwnership},
		{"no imagery", testNoImagery},
		{"failure", testFailure},
		{"ended context", testEnded},
		{"cancellation", testCancellation},
		{"deadline", testDeadline},
		{"concurrent use", testConcurrent},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			t.Run("run", func(t *testing.T) {
				s := factory(t)
				if len(s.OK) == 0 {
					t.Fatal("a subject needs chunks with imagery")
				}
				test.run(t, s)
			})
			if err := patience.Leaks(before); err != nil {
				t.Error(err)
			}
		})
	}
}

func mustFetch(t *testing.T, s fetch.Source, c tiles.Chunk) []byte {
	t.Helper()
	body, err := s.Fetch(t.Context(), c)
	if err != nil {
		t.Fatalf("Fetch(%s): %v", c, err)
	}
	return body
}

func testImagery(t *testing.T, s Subject) {
	for _, c := range s.OK {
		body := mustFetch(t, s.Source, c)
		if err := fetch.CheckTile(body, tiles.ChunkPixels); err != nil {
			t.Errorf("%s: %v", c, err)
		}
		m, err := jpeg.Decode(bytes.NewReader(body))
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		if size := m.Bounds().Size(); size.X != tiles.ChunkPixels || size.Y != tiles.ChunkPixels {
			t.Errorf("%s is %v px", c, size)
		}
		if again := mustFetch(t, s.Source, c); !bytes.Equal(again, body) {
			t.Errorf("%s: asked again, another body came", c)
		}
	}
}

func testOwnership(t *testing.T, s Subject) {
	c := s.OK[0]
	body := mustFetch(t, s.Source, c)
	want := bytes.Clone(body)
	clear(body)
	if again := mustFetch(t, s.Source, c); !bytes.Equal(again, want) {
		t.Errorf("%s: overwriting one body changed the next", c)
	}
}

func testNoImagery(t *testing.T, s Subject) {
	for _, c := range s.NoImagery {
		if body, err := s.Source.Fetch(t.Context(), c); !errors.Is(err, fetch.ErrNoImagery) ||
			body != nil {
			t.Errorf("Fetch(%s) = %d bytes, %v, want none and ErrNoImagery", c, len(body), err)
		}
	}
}

func testFailure(t *testing.T, s Subject) {
	for _, c := range s.Failing {
		if body, err := s.Source.Fetch(t.Context(), c); err == nil ||
			errors.Is(err, fetch.ErrNoImagery) || body != nil {
			t.Errorf("Fetch(%s) = %d bytes, %v, want none and an error that is not ErrNoImagery", c,
				len(body), err)
		}
	}
}

func testEnded(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range slices.Concat(s.OK[:1], s.Stuck) {
		if body, err := s.Source.Fetch(ctx, c); !errors.Is(err, context.Canceled) || body != nil {
			t.Errorf("Fetch(%s) = %d bytes, %v, want context.Canceled", c, len(body), err)
		}
	}
}

// testCancellation has no time-out of its own: a source that does not return hangs the test.
func testCancellation(t *testing.T, s Subject) {
	for _, c := range s.Stuck {
		ctx, cancel := context.WithCancel(t.Context())
		stop := time.AfterFunc(20*time.Millisecond, cancel)
		body, err := s.Source.Fetch(ctx, c)
		stop.Stop()
		cancel()
		if !errors.Is(err, context.Canceled) || body != nil {
			t.Errorf("Fetch(%s) = %d bytes, %v, want context.Canceled", c, len(body), err)
		}
	}
	mustFetch(t, s.Source, s.OK[0])
}

func testDeadline(t *testing.T, s Subject) {
	for _, c := range s.Stuck {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		body, err := s.Source.Fetch(ctx, c)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || body != nil {
			t.Errorf("Fetch(%s) = %d bytes, %v, want context.DeadlineExceeded", c, len(body), err)
		}
	}
}

func testConcurrent(t *testing.T, s Subject) {
	want := map[tiles.Chunk][]byte{}
	for _, c := range s.OK {
		want[c] = mustFetch(t, s.Source, c)
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for _, c := range s.OK {
				if body, err := s.Source.Fetch(t.Context(), c); err != nil ||
					!bytes.Equal(body, want[c]) {
					t.Errorf("Fetch(%s) beside others = %d bytes, %v", c, len(body), err)
				}
			}
			for _, c := range s.NoImagery {
				if _, err := s.Source.Fetch(t.Context(), c); !errors.Is(err, fetch.ErrNoImagery) {
					t.Errorf("Fetch(%s) beside others: %v, want ErrNoImagery", c, err)
				}
			}
		})
	}
	all.Wait()
}
