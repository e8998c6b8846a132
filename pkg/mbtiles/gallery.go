package mbtiles

import (
	"context"
	"io"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/contents"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/preview"
	"github.com/xelpack/xelpack/pkg/mbtiles/internal/tables"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// gallery adapts an archive to package preview.
type gallery struct {
	*index
	reader *contents.Reader
	// put queues a preview; flush waits until all can be read
	put   func(ctx context.Context, t preview.Tile, jpeg []byte) error
	flush func(ctx context.Context) error
}

var _ preview.Store = gallery{}

func (g gallery) ReadAt(ctx context.Context, i int, p []byte, off int64) error {
	e := g.index.entry(i)
	if _, err := g.reader.ReadAt(ctx, e.content, e.Layout, nil, p, off); err != nil && err != io.EOF {
		return err
	}
	return nil
}

func (g gallery) Tile(ctx context.Context, t preview.Tile) (jpeg []byte, err error) {
	err = g.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		jpeg, err = tables.ReadTile(ctx, c, t)
		return err
	})
	return jpeg, err
}

func (g gallery) Has(ctx context.Context, places []preview.Tile) ([]bool, error) {
	has := make([]bool, len(places))
	err := g.reader.Conns.Do(ctx, func(c *sqlite.Conn) (err error) {
		for i, t := range places {
			if has[i], err = tables.HasTile(ctx, c, t); err != nil {
				return err
			}
		}
		return nil
	})
	return has, err
}

func (g gallery) Put(ctx context.Context, t preview.Tile, jpeg []byte) error {
	return g.put(ctx, t, jpeg)
}

func (g gallery) Flush(ctx context.Context) error { return g.flush(ctx) }

// Methods that package preview requires of an index.

func (x *index) Len() int                    { return len(x.rows) }
func (x *index) Texture(i int) tiles.Texture { return x.entry(i).Texture }
func (x *index) Layout(i int) dds.Layout     { return x.entry(i).Layout }
