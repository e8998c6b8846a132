package planmap

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"math"

	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// mapSide is the width and height in pixels of the imagery under a map, at most: a page is to stay
// small.
const mapSide = 3072

// kindArchive is the Map.Kind of an archive.
const kindArchive = "archive"

// ofArchive is an archive as it is drawn.
func ofArchive(ctx context.Context, a *mbtiles.Archive, title string) (Map, error) {
	m := Map{Title: title, Kind: kindArchive, Taken: make(map[string][]tiles.Texture)}
	for e := range a.All() {
		r, err := a.Record(ctx, e)
		if err != nil {
			return m, err
		}
		m.Items = append(m.Items, tiles.Item{Texture: e.Texture, Detail: e.Detail})
		if r.Failed > 0 {
			m.Holes = append(m.Holes, e.Texture)
		}
		if r.Captured != (terms.Days{}) {
			days := r.Captured.Words()
			m.Taken[days] = append(m.Taken[days], e.Texture)
		}
	}
	info, err := a.Info(ctx)
	if err != nil {
		return m, err
	}
	m.Facts = []Fact{
		{Name: "textures", Text: units.Count(info.Textures)},
		{Name: "distinct", Text: units.Count(info.Contents)},
		{Name: "holes", Text: units.Holes(info.Holes, info.Failed)},
		{Name: "file", Text: fmt.Sprintf("%s for %s of DDS", units.Bytes(info.FileBytes), units.Bytes(info.Bytes))},
	}
	for _, row := range [...]struct{ name, key string }{
		{"state", "xelpack:state"}, {"digest", "xelpack:digest"},
	} {
		if text := info.Metadata[row.key]; text != "" {
			m.Facts = append(m.Facts, Fact{Name: row.name, Text: text})
		}
	}
	for _, source := range info.Sources {
		if credit := source.Credit(); credit != "" {
			m.Facts = append(m.Facts, Fact{Name: "imagery", Text: credit + source.Taken()})
		}
	}
	if len(info.Sources) > 0 {
		m.Facts = append(m.Facts, Fact{Name: "pass on", Text: info.Terms.Words()})
	}
	m.Imagery, err = ContactSheet(ctx, a, mapSide)
	return m, err
}

// ContactSheet puts the archive's previews together, at the sharpest zoom level at which they are
// no more than side pixels wide and high.
func ContactSheet(ctx context.Context, a *mbtiles.Archive, side int) (*Imagery, error) {
	const pixels = 256 // of a preview
	z, x0, y0, x1, y1 := covered(a)
	for z > 0 && int(max(x1-x0, y1-y0))*pixels > side {
		z, x0, y0, x1, y1 = z-1, x0/2, y0/2, (x1+1)/2, (y1+1)/2
	}
	img := image.NewRGBA(image.Rect(0, 0, int(x1-x0)*pixels, int(y1-y0)*pixels))
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			picture, err := a.Picture(ctx, z, x, y)
			if errors.Is(err, mbtiles.ErrNoTile) {
				continue
			}
			if err != nil {
				return nil, err
			}
			at := image.Pt(int(x-x0)*pixels, int(y-y0)*pixels)
			draw.Draw(img, image.Rectangle{at, at.Add(image.Pt(pixels, pixels))}, picture, picture.Bounds().Min, draw.Src)
		}
	}
	world := float64(uint32(1) << z)
	return &Imagery{Image: img, West: float64(x0) / world, North: float64(y0) / world, East: float64(x1) / world, South: float64(y1) / world}, nil
}

// Paint changes the picture by what is told the place of each pixel.
func (i *Imagery) Paint(paint func(img *image.RGBA, at func(x, y int) (lat, lon float64))) {
	size := i.Image.Bounds().Size()
	paint(i.Image, func(x, y int) (lat, lon float64) {
		east := i.West + (i.East-i.West)*float64(x)/float64(size.X)
		south := i.North + (i.South-i.North)*float64(y)/float64(size.Y)
		return math.Atan(math.Sinh(math.Pi*(1-2*south))) * 180 / math.Pi, 360*east - 180
	})
}

// covered returns the tiles that the archive's textures cover, x1 and y1 excluded, at the deepest
// of their zoom levels.
func covered(a *mbtiles.Archive) (z tiles.ZL, x0, y0, x1, y1 uint32) {
	for e := range a.All() {
		at, _, _ := e.Texture.Tile()
		z = max(z, at)
	}
	x0, y0 = 1<<z, 1<<z
	for e := range a.All() {
		at, x, y := e.Texture.Tile()
		deeper := z - at
		x0, y0 = min(x0, x<<deeper), min(y0, y<<deeper)
		x1, y1 = max(x1, (x+1)<<deeper), max(y1, (y+1)<<deeper)
	}
	return z, x0, y0, x1, y1
}
