package mbtiles

import (
	"context"
	"fmt"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// tile addresses a preview in the XYZ scheme: y counts southwards. The archive's rows count northwards (TMS).
type tile struct {
	z    uint8
	x, y uint32
}

// tileOf returns the tile that a texture covers.
func tileOf(t tiles.Texture) tile {
	z, x, y := t.Tile()
	return tile{z: uint8(z), x: x, y: y}
}

func (t tile) String() string { return fmt.Sprintf("%d/%d/%d", t.z, t.x, t.y) }

func (t tile) valid() bool { return t.z <= 30 && t.x < 1<<t.z && t.y < 1<<t.z }

// tms returns the row of the archive.
func (t tile) tms() int64 { return int64(1)<<t.z - 1 - int64(t.y) }

// up returns the tile n levels up that holds t; n is at most t.z.
func (t tile) up(n uint8) tile { return tile{z: t.z - n, x: t.x >> n, y: t.y >> n} }

// texture returns the texture that would cover t, maptype aside.
func (t tile) texture() tiles.Texture {
	return tiles.Texture{ZL: tiles.ZL(t.z) + 4, Row: t.y * tiles.TextureChunks, Col: t.x * tiles.TextureChunks}
}

// compare orders tiles by zoom level, row from the north, column: as textures are.
func (t tile) compare(u tile) int { return t.texture().Compare(u.texture()) }

// readTile returns the JPEG of a tile, nil where there is none.
func readTile(ctx context.Context, c *sqlite.Conn, t tile) (jpeg []byte, err error) {
	const query = `SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`
	err = c.Query(ctx, query, func(r *sqlite.Row) error { jpeg = r.Blob(0); return nil }, int(t.z), int64(t.x), t.tms())
	return jpeg, err
}

func hasTile(ctx context.Context, c *sqlite.Conn, t tile) (bool, error) {
	n, err := c.Number(ctx, `SELECT count(*) FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?`, int(t.z), int64(t.x), t.tms())
	return n > 0, err
}

func writeTile(ctx context.Context, c *sqlite.Conn, t tile, jpeg []byte) error {
	return c.Exec(ctx, `INSERT OR REPLACE INTO tiles (zoom_level, tile_column, tile_row, tile_data) VALUES (?, ?, ?, ?)`,
		int(t.z), int64(t.x), t.tms(), jpeg)
}
