package main

import (
	"cmp"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/look"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

func newPreviewCommand() *cobra.Command {
	var plain bool
	var looks look.Options
	cmd := &cobra.Command{
		Use:   "preview ARCHIVE OUT.png|OUT.html",
		Short: "Draw the content of an archive",
		Long: `Draws a map of an archive: its imagery, framed and tinted by zoom level and detail, holes
hatched. OUT.html is an interactive page that needs no network; OUT.png is a picture.
--plain draws the imagery alone, at up to 4096 pixels a side. --look and --season show it as
a mount with these would, so that a look can be chosen before the flight.`,
		Example: `  xelpack preview flight.mbtiles flight.html
  xelpack preview flight.mbtiles flight.png --plain
  xelpack preview flight.mbtiles winter.png --plain --season 01-15 --snow 40`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cmp.Or(remote.Written(args[1]), planmap.CheckFile(args[1])); err != nil {
				return err
			}
			if plain && !strings.EqualFold(filepath.Ext(args[1]), ".png") {
				return usage.Errorf("%s: with --plain the file must end in .png", args[1])
			}
			l, err := looks.Make(time.Now(), notes(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			return withAny(cmd, args[0], func(a *mbtiles.Archive) error {
				if l != nil {
					if err := a.Unbaked(cmd.Context()); err != nil {
						return err
					}
				}
				return planmap.Draw(cmd.Context(), a, args[1], plain, l.Paint)
			})
		},
	}
	cmd.Flags().BoolVar(&plain, "plain", false, "draw the imagery alone, into OUT.png")
	registerLook(cmd.Flags(), &looks)
	return cmd
}
