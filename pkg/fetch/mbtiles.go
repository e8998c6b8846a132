package fetch

import (
	"context"
	"errors"

	"github.com/xelpack/xelpack/internal/chunkfile"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// mbtilesSource is an MBTiles file: chunks that it lacks are no imagery.
type mbtilesSource struct {
	chunkfile.File
	check func([]byte) error // may be nil
}

func (s *mbtilesSource) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	body, err := s.Read(ctx, c)
	switch {
	case errors.Is(err, chunkfile.ErrNone):
		return nil, ErrNoImagery
	case err != nil:
		return nil, err
	}
	return usable(body, func(body []byte) error { return CheckTile(body, s.Side) }, s.check)
}
