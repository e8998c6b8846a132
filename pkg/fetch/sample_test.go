package fetch_test

import (
	"context"
	"errors"
	"testing"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func TestSampleOutOfRange(t *testing.T) {
	for _, c := range []tiles.Chunk{{Z: 23}, {Z: 2, X: 4}, {Z: 2, Y: 4}} {
		if _, err := fetch.Sample().Fetch(t.Context(), c); err == nil {
			t.Errorf("%s was made", c)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetch.Sample().Fetch(ctx, tiles.Chunk{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

// TestSampleNeedsNoNetwork: the provider is served by the process, and counted.
func TestSampleNeedsNoNetwork(t *testing.T) {
	client := fetch.NewClient(fetch.ClientOptions{})
	defer client.Close()
	if _, err := client.Source(provider(t, "sample")).Fetch(t.Context(), chunk); err != nil {
		t.Fatal(err)
	}
	if stats := client.Stats(); stats != (fetch.Stats{OK: 1}) {
		t.Errorf("%+v, want one chunk and no request", stats)
	}
}
