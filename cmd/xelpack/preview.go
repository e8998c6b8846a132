package main

import (
	"context"
	"fmt"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// plainSide is the width and height in pixels of a picture of the imagery alone, at most.
const plainSide = 4096

func newPreviewCommand() *cobra.Command {
	var plain bool
	cmd := &cobra.Command{
		Use:   "preview ARCHIVE OUT.png|OUT.html",
		Short: "Draw the content of an archive",
		Long: `Draws a map of an archive: its imagery, framed and tinted by zoom level and detail, holes
hatched. OUT.html is an interactive page that needs no network; OUT.png is a picture.
--plain draws the imagery alone, at up to 4096 pixels a side.`,
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

// previewWriter returns the function that draws a file of that name.
func previewWriter(file string, plain bool) (func(planmap.Map, io.Writer) error, error) {
	switch ext := strings.ToLower(filepath.Ext(file)); {
	case plain && ext == ".png":
		return nil, nil
	case plain:
		return nil, usageErrorf("%s: with --plain the file must end in .png", file)
	case ext == ".png":
		return planmap.Map.WritePNG, nil
	case ext == ".html":
		return planmap.Map.WriteHTML, nil
	}
	return nil, usageErrorf("%s: must end in .png (a picture) or .html (a page)", file)
}

// runPreview draws into a file; without draw, the imagery alone.
func runPreview(ctx context.Context, a *mbtiles.Archive, archive, file string,
	draw func(planmap.Map, io.Writer) error) error {
	if a.Len() == 0 {
		return fmt.Errorf("%s: nothing to draw: the archive has no textures", archive)
	}
	if draw == nil {
		imagery, err := planmap.ContactSheet(ctx, a, plainSide)
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		return safefile.Write(file, func(w io.Writer) error { return png.Encode(w, imagery.Image) })
	}
	m, err := planmap.OfArchive(ctx, a, filepath.Base(archive))
	if err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	return safefile.Write(file, func(w io.Writer) error { return draw(m, w) })
}
