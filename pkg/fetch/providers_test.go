package fetch_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestBrokenProvider: a provider that somebody made by hand shows its fault at every Fetch.
func TestBrokenProvider(t *testing.T) {
	client := fetch.NewClient(fetch.ClientOptions{})
	defer client.Close()
	s := client.Source(fetch.Provider{ID: "mine", Template: "https://h/{z}", MaxZL: 22})
	if _, err := s.Fetch(t.Context(), tiles.Chunk{}); !errors.Is(err, providers.ErrTemplate) || !strings.Contains(err.Error(), "mine") {
		t.Errorf("%v, want ErrTemplate that names the provider", err)
	}
}
