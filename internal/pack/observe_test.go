package pack

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// heard is an Observer that counts.
type heard struct {
	mu                      sync.Mutex
	building, built, stored map[tiles.Item]int
	holes                   int // of what was stored
	worked                  [Tasks]int
}

func newHeard() *heard {
	return &heard{building: map[tiles.Item]int{}, built: map[tiles.Item]int{},
		stored: map[tiles.Item]int{}}
}

func (h *heard) Building(it tiles.Item) { h.count(h.building, it) }

func (h *heard) Built(it tiles.Item, _ Tally, _ time.Duration, _ error) { h.count(h.built, it) }

func (h *heard) Stored(it tiles.Item, t Tally) {
	h.count(h.stored, it)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holes += t.Failed
}

func (h *heard) Worked(task Task, _ time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.worked[task]++
}

func (h *heard) count(in map[tiles.Item]int, it tiles.Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	in[it]++
}

func TestObserverHearsOfABuild(t *testing.T) {
	items := neighbours(3, 2) // 16 chunks each
	server := fetchtest.NewServer(
		fetchtest.Options{Fault: func(c tiles.Chunk, _ int) fetchtest.Fault {
			if c == items[0].Chunk(0, 0) {
				// fails at once; filled from a parent, and a hole
				return fetchtest.Fault{Kind: fetchtest.BadRequest}
			}
			return fetchtest.Fault{}
		}})
	t.Cleanup(server.Close)
	client := fetch.NewClient(clientOptions())
	t.Cleanup(client.Close)
	h := newHeard()
	p := newPipeline(t, Options{Source: client.Source(server.Provider()), Observer: h})
	w, err := mbtiles.Create(t.Context(), filepath.Join(t.TempDir(), "a.mbtiles"),
		mbtiles.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := Build(t.Context(), p, w, Job{Items: items, Provider: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if h.building[it] != 1 || h.built[it] != 1 || h.stored[it] != 1 {
			t.Errorf("%v: building %d times, built %d, stored %d; want each once", it,
				h.building[it], h.built[it], h.stored[it])
		}
	}
	if int64(h.holes) != report.Chunks.Failed || h.holes != 1 {
		t.Errorf("%d holes heard of, %d reported, want 1", h.holes, report.Chunks.Failed)
	}
	// Nothing is decoded for a filled chunk but its parent.
	want := [Tasks]int{TaskChunk: 47, TaskParent: 1, TaskFill: 1, TaskFinish: 3, TaskCompress: 3}
	if h.worked != want {
		t.Errorf("tasks %v, want %v", h.worked, want)
	}
	if s := p.State(); s.Busy() != 0 || s.Textures != 0 || s.Memory != 0 || s.Chunks != 0 ||
		s.Fetching != 0 {
		t.Errorf("after the build: %+v, want nothing under way", s)
	}
}

// What is stuck and what waits for it shows in the state.
func TestStateShowsStuckWorkersAndQueues(t *testing.T) {
	source := sourceFunc(func(ctx context.Context, _ tiles.Chunk) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	it := land(2)
	p := newPipeline(t, Options{Source: source, Workers: 1, Slots: 3, Memory: layout(it).Size()})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	wg.Go(func() {
		_ = p.work(ctx, TaskCompress, func(*worker) error { <-ctx.Done(); return nil })
	})
	reach(t, p, "a busy worker", func(s State) bool { return s.Workers[0].Task == TaskCompress })
	wg.Go(func() { _ = p.work(ctx, TaskFill, func(*worker) error { return nil }) })
	for range 2 { // two textures, memory for one
		wg.Go(func() { _, _ = p.Texture(ctx, it) })
	}
	s := reach(t, p, "every queue filled", func(s State) bool {
		return s.WorkWaiting == 1 && s.TexturesWaiting == 1 && s.Textures == 1 && s.Chunks == 3 &&
			s.Fetching == 3 && s.ChunksWaiting == 1
	})
	if s.Memory != s.MemoryLimit {
		t.Errorf("%d bytes of %d in use, want all", s.Memory, s.MemoryLimit)
	}
	longer := reach(t, p, "the worker stuck for longer",
		func(now State) bool { return now.Workers[0].For > s.Workers[0].For })
	if longer.Busy() != 1 {
		t.Errorf("%d workers busy, want 1", longer.Busy())
	}
}

type sourceFunc func(context.Context, tiles.Chunk) ([]byte, error)

func (f sourceFunc) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) { return f(ctx, c) }

// reach waits for a state that another goroutine is about to bring about.
func reach(t *testing.T, p *Pipeline, what string, is func(State) bool) State {
	t.Helper()
	var s State
	patience.Until(t, what, func() bool { s = p.State(); return is(s) })
	return s
}
