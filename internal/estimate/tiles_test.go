package estimate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/xelpack/xelpack/internal/chunkstore"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// TestCountTiles: a tile that several textures are cut from is asked for once, and looked up in the
// store by its own address.
func TestCountTiles(t *testing.T) {
	full, small := at(16, 23952, 33712, 0), []tiles.Item{at(16, 23936, 33664, 2), at(16, 23936, 33680, 2), at(16, 23952, 33664, 2)}
	for _, tt := range []struct {
		name     string
		items    []tiles.Item
		deepest  tiles.ZL
		levels   uint
		requests int
		squares  []chunkstore.Square
	}{
		{"chunks", []tiles.Item{full}, 16, 0, 256, []chunkstore.Square{{Chunk: tiles.Chunk{Z: 16, X: 33712, Y: 23952}, Side: 16}}},
		{"512 px", []tiles.Item{full}, 16, 1, 64, []chunkstore.Square{{Chunk: tiles.Chunk{Z: 15, X: 16856, Y: 11976}, Side: 8}}},
		{"2,048 px", []tiles.Item{full}, 16, 3, 4, []chunkstore.Square{{Chunk: tiles.Chunk{Z: 13, X: 4214, Y: 2994}, Side: 2}}},
		{"several textures a tile", small, 16, 3, 1, []chunkstore.Square{{Chunk: tiles.Chunk{Z: 11, X: 1052, Y: 748}, Side: 1}}},
		{"enlarged", []tiles.Item{full}, 14, 1, 4, []chunkstore.Square{{Chunk: tiles.Chunk{Z: 13, X: 4214, Y: 2994}, Side: 2}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var squares []chunkstore.Square
			w, err := Count(tt.items, tt.deepest, tt.levels, func(list []chunkstore.Square) (int, error) {
				squares = list
				return 1, nil
			})
			if err != nil || w.Requests != tt.requests-1 || w.Kept != 1 {
				t.Errorf("%d requests and %d kept, want %d and 1 (%v)", w.Requests, w.Kept, tt.requests-1, err)
			}
			if diff := cmp.Diff(tt.squares, squares); diff != "" {
				t.Error(diff)
			}
		})
	}
}
