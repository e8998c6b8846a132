package preview

import (
	"fmt"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Tile addresses a preview in the XYZ scheme: y counts southwards. The archive's rows count
// northwards (TMS).
type Tile struct {
	Z    uint8
	X, Y uint32
}

// TileOf returns the tile that a texture covers.
func TileOf(t tiles.Texture) Tile {
	z, x, y := t.Tile()
	return Tile{Z: uint8(z), X: x, Y: y}
}

func (t Tile) String() string { return fmt.Sprintf("%d/%d/%d", t.Z, t.X, t.Y) }

// Valid reports whether the tile exists.
func (t Tile) Valid() bool { return t.Z <= 30 && t.X < 1<<t.Z && t.Y < 1<<t.Z }

// TMS returns the tile's row in the archive.
func (t Tile) TMS() int64 { return tiles.TMS(tiles.ZL(t.Z), int64(t.Y)) }

// Up returns the tile n levels up that contains t; n is at most t.Z.
func (t Tile) Up(n uint8) Tile { return Tile{Z: t.Z - n, X: t.X >> n, Y: t.Y >> n} }

// Texture returns the texture that would cover t, without maptype.
func (t Tile) Texture() tiles.Texture {
	return tiles.Texture{ZL: tiles.ZL(t.Z) + 4, Row: t.Y * tiles.TextureChunks,
		Col: t.X * tiles.TextureChunks}
}

// Compare orders tiles by zoom level, row from the north, column, like textures.
func (t Tile) Compare(u Tile) int { return t.Texture().Compare(u.Texture()) }
