package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	xdraw "golang.org/x/image/draw"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// previewSide bounds the picture's width and height in pixels.
const previewSide = 4096

func newPreviewCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "preview ARCHIVE OUT.png",
		Short:   "Draw what an archive holds",
		Long:    "Draws the previews of an archive as one PNG, north up, at the sharpest zoom level at which the picture is no more than 4096 pixels wide and high.",
		Example: "  xelpack preview flight.mbtiles flight.png",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.EqualFold(filepath.Ext(args[1]), ".png") {
				return usageErrorf("%s: the picture's name must end in .png", args[1])
			}
			return withArchive(cmd.Context(), args[0], func(a *mbtiles.Archive) error {
				img, err := drawPreview(cmd.Context(), a)
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				return writeFile(args[1], func(w io.Writer) error { return png.Encode(w, img) })
			})
		},
	}
}

// area is a rectangle of Web-Mercator tiles at zoom z, x1 and y1 excluded.
type area struct {
	z              tiles.ZL
	x0, y0, x1, y1 uint32
}

// drawPreview puts the textures' previews together. Textures of deeper zoom levels are drawn over shallower ones.
func drawPreview(ctx context.Context, a *mbtiles.Archive) (image.Image, error) {
	where, err := previewArea(a)
	if err != nil {
		return nil, err
	}
	// One tile is this many pixels, a power of two, so that pictures meet without gaps.
	tile := 256
	for tile > 1 && max(where.x1-where.x0, where.y1-where.y0)*uint32(tile) > previewSide {
		tile /= 2
	}
	img := image.NewNRGBA(image.Rect(0, 0, int(where.x1-where.x0)*tile, int(where.y1-where.y0)*tile))
	draw.Draw(img, img.Rect, image.NewUniform(color.NRGBA{24, 28, 36, 255}), image.Point{}, draw.Src)
	for e := range a.All() { // in the order of zoom levels
		z, x, y := e.Texture.Tile()
		body, err := a.Preview(ctx, z, x, y)
		if errors.Is(err, mbtiles.ErrNoTile) {
			continue
		}
		if err != nil {
			return nil, err
		}
		picture, err := jpeg.Decode(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("preview of %s: %w", e.Texture, err)
		}
		deeper := where.z - z
		at := image.Pt(int(x<<deeper-where.x0)*tile, int(y<<deeper-where.y0)*tile)
		to := image.Rectangle{at, at.Add(image.Pt(tile<<deeper, tile<<deeper))}
		xdraw.ApproxBiLinear.Scale(img, to, picture, picture.Bounds(), draw.Src, nil)
	}
	return img, nil
}

// previewArea returns what the archive's textures cover, at the deepest of their zoom levels.
func previewArea(a *mbtiles.Archive) (area, error) {
	var where area
	for e := range a.All() {
		z, _, _ := e.Texture.Tile()
		where.z = max(where.z, z)
	}
	if a.Len() == 0 {
		return where, errors.New("nothing to draw: the archive has no textures")
	}
	side := uint32(1) << where.z
	where.x0, where.y0 = side, side
	for e := range a.All() {
		z, x, y := e.Texture.Tile()
		deeper := where.z - z
		where.x0, where.y0 = min(where.x0, x<<deeper), min(where.y0, y<<deeper)
		where.x1, where.y1 = max(where.x1, (x+1)<<deeper), max(where.y1, (y+1)<<deeper)
	}
	return where, nil
}
