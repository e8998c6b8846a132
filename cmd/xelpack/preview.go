package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/planmap"
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
			return runPreview(cmd, args[0], args[1], plain)
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "draw the imagery alone, into OUT.png")
	return cmd
}

func runPreview(cmd *cobra.Command, archive, file string, plain bool) error {
	if err := planmap.CheckFile(file); err != nil {
		return err
	}
	if plain && !strings.EqualFold(filepath.Ext(file), ".png") {
		return usageErrorf("%s: with --plain the file must end in .png", file)
	}
	return withAny(cmd, archive, func(a *mbtiles.Archive) error {
		if a.Len() == 0 {
			return fmt.Errorf("%s: nothing to draw: the archive has no textures", a.Path())
		}
		if plain {
			return planmap.WriteImagery(cmd.Context(), a, file, plainSide)
		}
		m, err := planmap.OfArchive(cmd.Context(), a, filepath.Base(a.Path()))
		if err != nil {
			return fmt.Errorf("%s: %w", a.Path(), err)
		}
		return m.WriteFile(file)
	})
}
