package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// The width and height of the imagery in pixels, at most: of a picture of nothing else, and under a
// map, where a page is to stay small.
const (
	plainSide = 4096
	mapSide   = 3072
)

func newPreviewCommand() *cobra.Command {
	var plain bool
	cmd := &cobra.Command{
		Use:   "preview ARCHIVE OUT.png|OUT.html",
		Short: "Draw what an archive holds",
		Long: `Draws a contact map of an archive: its imagery, framed and tinted by zoom level and detail, holes hatched. OUT.html is one page to look around in, without a
network too; OUT.png is a still. --plain draws the imagery alone, at up to 4096 pixels a side.`,
		Example: `  xelpack preview flight.mbtiles flight.html
  xelpack preview flight.mbtiles flight.png --plain`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			draw, err := previewWriter(args[1], plain)
			if err != nil {
				return err
			}
			return withAny(cmd.Context(), args[0], func(a *mbtiles.Archive) error {
				return runPreview(cmd.Context(), a, args[0], args[1], draw)
			})
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "draw the imagery alone, into OUT.png")
	return cmd
}

// previewWriter returns what draws a file of that name.
func previewWriter(file string, plain bool) (func(planmap.Map, io.Writer) error, error) {
	switch ext := strings.ToLower(filepath.Ext(file)); {
	case plain && ext == ".png":
		return nil, nil
	case plain:
		return nil, usageErrorf("%s: with --plain the name must end in .png", file)
	case ext == ".png":
		return planmap.Map.WritePNG, nil
	case ext == ".html":
		return planmap.Map.WriteHTML, nil
	}
	return nil, usageErrorf("%s: the name must end in .png (a picture) or .html (a page)", file)
}

// runPreview draws into a file; without draw, the imagery alone.
func runPreview(ctx context.Context, a *mbtiles.Archive, archive, file string, draw func(planmap.Map, io.Writer) error) error {
	if a.Len() == 0 {
		return fmt.Errorf("%s: nothing to draw: the archive has no textures", archive)
	}
	if draw == nil {
		imagery, err := contactSheet(ctx, a, plainSide)
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		return safefile.Write(file, func(w io.Writer) error { return png.Encode(w, imagery.Image) })
	}
	m, err := archiveMap(ctx, a, filepath.Base(archive))
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	return safefile.Write(file, func(w io.Writer) error { return draw(m, w) })
}

// archiveMap is the archive as it is drawn.
func archiveMap(ctx context.Context, a *mbtiles.Archive, title string) (planmap.Map, error) {
	m := planmap.Map{Title: title, Kind: "archive"}
	for e := range a.All() {
		r, err := a.Record(ctx, e)
		if err != nil {
			return m, err
		}
		m.Items = append(m.Items, tiles.Item{Texture: e.Texture, Detail: e.Detail})
		if r.Failed > 0 {
			m.Holes = append(m.Holes, e.Texture)
		}
	}
	info, err := a.Info(ctx)
	if err != nil {
		return m, err
	}
	m.Facts = []planmap.Fact{
		{Name: "textures", Text: units.Count(info.Textures)},
		{Name: "distinct", Text: units.Count(info.Contents)},
		{Name: "holes", Text: units.Holes(info.Holes, info.Failed)},
		{Name: "file", Text: fmt.Sprintf("%s for %s of DDS", units.Bytes(info.FileBytes), units.Bytes(info.Bytes))},
	}
	for _, row := range [...]struct{ name, key string }{
		{"state", "xelpack:state"}, {"digest", "xelpack:digest"},
	} {
		if text := info.Metadata[row.key]; text != "" {
			m.Facts = append(m.Facts, planmap.Fact{Name: row.name, Text: text})
		}
	}
	for _, source := range info.Sources {
		if credit := source.Credit(); credit != "" {
			m.Facts = append(m.Facts, planmap.Fact{Name: "imagery", Text: credit})
		}
	}
	if len(info.Sources) > 0 {
		m.Facts = append(m.Facts, planmap.Fact{Name: "pass on", Text: info.Terms.Words()})
	}
	m.Imagery, err = contactSheet(ctx, a, mapSide)
	return m, err
}

// contactSheet puts the archive's previews together, at the sharpest zoom level at which they are
// no more than side pixels wide and high.
func contactSheet(ctx context.Context, a *mbtiles.Archive, side int) (*planmap.Imagery, error) {
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
	return &planmap.Imagery{Image: img, West: float64(x0) / world, North: float64(y0) / world, East: float64(x1) / world, South: float64(y1) / world}, nil
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
