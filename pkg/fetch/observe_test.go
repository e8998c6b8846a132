package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/internal/testing/patience"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// heard is an Observer that remembers.
type heard struct {
	mu       sync.Mutex
	attempts []fetch.Outcome
	chunks   []fetch.Outcome
	longest  time.Duration // of a chunk
}

func (h *heard) Attempted(_ string, o fetch.Outcome, _ time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attempts = append(h.attempts, o)
}

func (h *heard) Fetched(_ string, _ tiles.Chunk, o fetch.Outcome, took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chunks = append(h.chunks, o)
	h.longest = max(h.longest, took)
}

func TestObserverHearsAttemptsAndChunks(t *testing.T) {
	tests := []struct {
		kind     fetchtest.Kind // of the first answer
		attempts []fetch.Outcome
		chunk    fetch.Outcome
	}{
		{fetchtest.OK, []fetch.Outcome{fetch.OutcomeOK}, fetch.OutcomeOK},
		{fetchtest.NotFound, []fetch.Outcome{fetch.OutcomeNoImagery}, fetch.OutcomeNoImagery},
		{fetchtest.TooMany, []fetch.Outcome{fetch.OutcomeTooMany, fetch.OutcomeOK}, fetch.OutcomeOK},
		{fetchtest.Unavailable, []fetch.Outcome{fetch.OutcomeServer, fetch.OutcomeOK}, fetch.OutcomeOK},
		{fetchtest.Reset, []fetch.Outcome{fetch.OutcomeNetwork, fetch.OutcomeOK}, fetch.OutcomeOK},
		{fetchtest.Forbidden, []fetch.Outcome{fetch.OutcomeRefused}, fetch.OutcomeRefused},
		{fetchtest.BadRequest, []fetch.Outcome{fetch.OutcomeOther}, fetch.OutcomeOther},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String(), func(t *testing.T) {
			server := fetchtest.NewServer(fetchtest.Options{Fault: fetchtest.FirstOf(1, tt.kind)})
			defer server.Close()
			var h heard
			client := fetch.NewClient(fetch.ClientOptions{Observer: &h, Backoff: time.Millisecond})
			defer client.Close()
			p, err := fetch.LookupProvider(server.Template())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = client.Source(p).Fetch(t.Context(), tiles.Chunk{Z: 14, X: 8473, Y: 5832}) // the outcome is what is looked at
			if !slices.Equal(h.attempts, tt.attempts) || !slices.Equal(h.chunks, []fetch.Outcome{tt.chunk}) {
				t.Errorf("attempts %v, chunk %v; want %v and %v", h.attempts, h.chunks, tt.attempts, tt.chunk)
			}
		})
	}
}

func TestOutcomeOfErrors(t *testing.T) {
	for want, err := range map[fetch.Outcome]error{
		fetch.OutcomeCancelled: fmt.Errorf("fetch: %w", context.Canceled),
		fetch.OutcomeDown:      fmt.Errorf("%w: the last: %w", fetch.ErrDown, fetch.ErrNetwork),
		fetch.OutcomeOffline:   fetch.ErrOffline,
		fetch.OutcomeTimeout:   fetch.ErrTimeout,
		fetch.OutcomeBody:      fetch.ErrBody,
		fetch.OutcomeOther:     errors.New("something else"),
	} {
		if got := fetch.OutcomeOf(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}

// A host that does not answer shows as requests in flight, and those beyond its limit as a queue.
func TestStateShowsQueues(t *testing.T) {
	server := fetchtest.NewServer(fetchtest.Options{Fault: fetchtest.Always(fetchtest.Stall)})
	defer server.Close()
	client := fetch.NewClient(fetch.ClientOptions{Concurrency: 4})
	defer client.Close()
	p, err := fetch.LookupProvider(server.Template())
	if err != nil {
		t.Fatal(err)
	}
	source := client.Source(p)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for x := range uint32(10) {
		wg.Go(func() { _, _ = source.Fetch(ctx, tiles.Chunk{Z: 14, X: x, Y: 1}) }) // ends with the test
	}
	patience.Until(t, "4 are in flight and 6 queued", func() bool {
		s := client.State()
		return s.InFlight == 4 && s.Hosts[0].InFlight == 4 && s.Hosts[0].Queued == 6 && s.Hosts[0].Limit == 4
	})
}
