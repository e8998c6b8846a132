package chunkstore

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Of the squares of a plan just those chunks are counted that need not be asked for: what is kept,
// and what the provider was lately known not to have. Nothing is made or written.
func TestCountKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "kept.mbtiles")
	squares := []Square{
		// two widths at one zoom level
		{tiles.Chunk{Z: 16, X: 32, Y: 48}, 16}, {tiles.Chunk{Z: 16, X: 64, Y: 64}, 4},
		{tiles.Chunk{Z: 14, X: 9, Y: 5}, 1},
	}
	if n, err := CountKept(t.Context(), path, squares); n != 0 || err != nil {
		t.Errorf("%d, %v of no store", n, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a store was made")
	}
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte("a chunk")
	for _, c := range []tiles.Chunk{
		// the first two are in the first square
		{Z: 16, X: 32, Y: 48}, {Z: 16, X: 47, Y: 63}, {Z: 16, X: 48, Y: 63}, {Z: 16, X: 31, Y: 48},
		{Z: 16, X: 67, Y: 67}, {Z: 16, X: 68, Y: 67}, // the first in the second
		{Z: 14, X: 9, Y: 5}, {Z: 15, X: 32, Y: 48},
	} {
		s.put(c, stored{body: body})
	}
	s.put(tiles.Chunk{Z: 16, X: 40, Y: 50}, stored{}) // no imagery
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := chunkfile.Open(path, "mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	long := time.Now().Add(-missingFor - time.Hour).Unix()
	if _, err := db.Exec(`INSERT INTO missing VALUES (16, 41, 65536 - 1 - 50, ?)`,
		long); err != nil {
		t.Fatal(err)
	}
	// A build of another process has it open.
	other, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if n, err := CountKept(t.Context(), path, squares); n != 5 || err != nil {
		t.Errorf("%d, %v, want 5", n, err)
	}
	if err := os.WriteFile(path+"x", bytes.Repeat([]byte("no store "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := CountKept(t.Context(), path+"x", squares); err == nil {
		t.Error("what is no store was counted")
	}
}
