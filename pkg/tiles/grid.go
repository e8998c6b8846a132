package tiles

import (
	"fmt"
	"iter"
	"math"

	"github.com/paulmach/orb"
)

// MaxLatitude is the northern edge of the Web-Mercator square, in degrees; the southern edge is
// -MaxLatitude.
const MaxLatitude = 85.05112877980659

// TexturePixels is the width of a texture at full detail, ChunkPixels that of a chunk.
const (
	ChunkPixels   = 256
	TexturePixels = TextureChunks * ChunkPixels
)

// MaxDetail is the coarsest detail of a plan: chunks at ZL-4, one for the whole texture.
const MaxDetail = 4

// Chunk addresses one 256×256 px image of a provider in the slippy (XYZ) scheme: Y counts
// southwards from the north edge.
type Chunk struct {
	Z    ZL
	X, Y uint32
}

// Parent returns the chunk one zoom level up that contains c. The world (Z 0) is its own parent.
func (c Chunk) Parent() Chunk {
	if c.Z == 0 {
		return c
	}
	return Chunk{Z: c.Z - 1, X: c.X / 2, Y: c.Y / 2}
}

// Above returns the chunk n zoom levels up that contains c, or the world if there are fewer levels.
func (c Chunk) Above(n uint) Chunk {
	n = min(n, uint(c.Z))
	return Chunk{Z: c.Z - ZL(n), X: c.X >> n, Y: c.Y >> n}
}

// TMS turns a row of zoom level z that counts southwards into one that counts northwards, as TMS and
// MBTiles do, or back.
func TMS(z ZL, row int64) int64 { return int64(1)<<z - 1 - row }

// Quadkey returns Bing's address of c: one digit a level from the top bit, bit(X) + 2·bit(Y).
func (c Chunk) Quadkey() string {
	key := make([]byte, c.Z)
	for i := range key {
		shift := int(c.Z) - 1 - i
		key[i] = '0' + byte(c.X>>shift&1) + 2*byte(c.Y>>shift&1)
	}
	return string(key)
}

// String returns "z16/33712/23952": zoom, X, Y.
func (c Chunk) String() string { return fmt.Sprintf("z%d/%d/%d", c.Z, c.X, c.Y) }

// Item is a texture of a plan: built from chunks at ZL-Detail.
type Item struct {
	Texture
	Detail uint8
}

// Side returns the width of the texture in pixels: 4096>>Detail.
func (it Item) Side() int { return TexturePixels >> it.Detail }

// ChunksPerSide returns 16>>Detail.
func (it Item) ChunksPerSide() int { return TextureChunks >> it.Detail }

// ChunkCount returns how many chunks the texture is built from: 256>>2·Detail.
func (it Item) ChunkCount() int { return it.ChunksPerSide() * it.ChunksPerSide() }

// Chunk returns the chunk at row and col of the texture, both from 0 at the north-west corner and
// below ChunksPerSide.
func (it Item) Chunk(row, col int) Chunk {
	return Chunk{Z: it.ZL - ZL(it.Detail), X: it.Col>>it.Detail + uint32(col),
		Y: it.Row>>it.Detail + uint32(row)}
}

// Place is the position of a chunk in its texture, counted in chunks from the north-west corner.
type Place struct{ Row, Col int }

// Chunks yields every place of the texture and its chunk, row by row.
func (it Item) Chunks() iter.Seq2[Place, Chunk] {
	return func(yield func(Place, Chunk) bool) {
		n := it.ChunksPerSide()
		for row := range n {
			for col := range n {
				if !yield(Place{row, col}, it.Chunk(row, col)) {
					return
				}
			}
		}
	}
}

// Tile returns the one Web-Mercator tile (XYZ) that the texture covers: (ZL-4, Col/16, Row/16).
func (t Texture) Tile() (z ZL, x, y uint32) {
	return t.ZL - 4, t.Col / TextureChunks, t.Row / TextureChunks
}

// Box returns the texture's square on the ground.
func (t Texture) Box() Box {
	z, x, y := t.Tile()
	return tileBox(z, x, y)
}

// Center returns the point that X-Plane treats as the texture's centre: the corner of the chunk
// eight rows and columns on.
func (t Texture) Center() orb.Point {
	return corner(t.ZL, t.Col+TextureChunks/2, t.Row+TextureChunks/2)
}

// PixelSize returns the metres on the ground that one pixel of chunks at zl covers at latitude lat
// (degrees).
func PixelSize(lat float64, zl ZL) float64 {
	return 156543.034 * math.Cos(radians(lat)) / float64(uint64(1)<<zl)
}

// At returns the texture of maptype at zl whose square contains p. Latitudes beyond MaxLatitude are
// moved to it.
func At(p orb.Point, zl ZL, maptype string) Texture {
	n := float64(uint32(1) << zl)
	cell := func(f float64) uint32 {
		return uint32(min(max(math.Floor(f), 0), n-1)) &^ (TextureChunks - 1)
	}
	lat := min(max(p.Lat(), -MaxLatitude), MaxLatitude)
	return Texture{
		Row:     cell((1 - math.Asinh(math.Tan(radians(lat)))/math.Pi) / 2 * n),
		Col:     cell((p.Lon() + 180) / 360 * n),
		ZL:      zl,
		Maptype: maptype,
	}
}

// corner returns the north-west corner of chunk (x, y) at zoom z; x and y may be 2^z, the far edge.
func corner(z ZL, x, y uint32) orb.Point {
	n := float64(uint64(1) << z)
	return orb.Point{float64(x)/n*360 - 180,
		degrees(math.Atan(math.Sinh(math.Pi * (1 - 2*float64(y)/n))))}
}

func tileBox(z ZL, x, y uint32) Box {
	nw, se := corner(z, x, y), corner(z, x+1, y+1)
	return Box{West: nw.Lon(), South: se.Lat(), East: se.Lon(), North: nw.Lat()}
}

func radians(deg float64) float64 { return deg * (math.Pi / 180) }
func degrees(rad float64) float64 { return rad * (180 / math.Pi) }
