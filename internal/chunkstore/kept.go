package chunkstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Square is an area of Side × Side chunks, named by its north-west one. Side is a power of two, and
// the square is aligned to it.
type Square struct {
	tiles.Chunk
	Side uint32
}

// CountKept returns for how many chunks of the squares, which must not overlap, the store at path
// has an answer. A missing file has none. Nothing is written, and another process may use the
// store.
func CountKept(ctx context.Context, path string, squares []Square) (n int, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	db, err := chunkfile.Open(path, "mode=ro")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// Kept chunks are read along the columns of squares, once a zoom level: a query for each chunk
	// or square would take minutes for a continent.
	wanted := make(map[Square]bool, len(squares))
	type span struct{ first, last uint32 }
	columns := make(map[tiles.ZL]span)
	sides := make(map[tiles.ZL]map[uint32]bool)
	for _, s := range squares {
		wanted[s] = true
		c, ok := columns[s.Z]
		if !ok {
			c = span{math.MaxUint32, 0}
			sides[s.Z] = make(map[uint32]bool)
		}
		columns[s.Z] = span{min(c.first, s.X), max(c.last, s.X+s.Side-1)}
		sides[s.Z][s.Side] = true
	}
	for z, c := range columns {
		rows, err := db.QueryContext(ctx, `SELECT tile_column, tile_row FROM tiles WHERE zoom_level = ?1 AND tile_column BETWEEN ?2 AND ?3 UNION ALL
			SELECT tile_column, tile_row FROM missing WHERE zoom_level = ?1 AND tile_column BETWEEN ?2 AND ?3 AND found > ?4`,
			z, c.first, c.last, time.Now().Add(-missingFor).Unix())
		if err != nil {
			return 0, fmt.Errorf("chunk store %s: %w", path, err)
		}
		for rows.Next() {
			at := tiles.Chunk{Z: z}
			var row int64
			if err := rows.Scan(&at.X, &row); err != nil {
				return 0, fmt.Errorf("chunk store %s: %w", path, errors.Join(err, rows.Close()))
			}
			at.Y = uint32(tiles.TMS(z, row))
			for side := range sides[z] {
				if wanted[Square{tiles.Chunk{Z: z, X: at.X &^ (side - 1), Y: at.Y &^ (side - 1)},
					side}] {
					n++
					break
				}
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return 0, fmt.Errorf("chunk store %s: %w", path, err)
		}
	}
	return n, nil
}
