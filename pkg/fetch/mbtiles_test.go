package fetch_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The store's file is a provider like any other MBTiles file.
func TestMBTilesProvider(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chunks.mbtiles")
	store := openStore(t, path)
	want, _ := store.Source(fetch.Sample(), false).Fetch(t.Context(), tiles.Chunk{Z: 12, X: 3, Y: 4})
	closeStore(t, store)

	p, err := fetch.LookupProvider("mbtiles:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if p.MinZL != 12 || p.MaxZL != 12 || p.Attribution != "somebody" || p.StoreName() != "" {
		t.Errorf("provider %+v", p)
	}
	client := fetch.NewClient(fetch.ClientOptions{})
	defer client.Close()
	source := client.Source(p)
	if body, err := source.Fetch(t.Context(), tiles.Chunk{Z: 12, X: 3, Y: 4}); err != nil || !bytes.Equal(body, want) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if _, err := source.Fetch(t.Context(), tiles.Chunk{Z: 12, X: 4, Y: 4}); !errors.Is(err, fetch.ErrNoImagery) {
		t.Errorf("%v, want ErrNoImagery", err)
	}
	junk := filepath.Join(t.TempDir(), "junk.mbtiles")
	if err := os.WriteFile(junk, []byte("no database at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{junk, path + "x"} {
		if _, err := fetch.LookupProvider("mbtiles:" + bad); !errors.Is(err, providers.ErrUnknown) {
			t.Errorf("%s: %v, want ErrUnknown", bad, err)
		}
	}
}
