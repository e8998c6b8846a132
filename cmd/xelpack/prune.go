package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// pruneOptions are the flags of prune.
type pruneOptions struct {
	pick plan.Pick
	copyFlags
	Keep   bool
	DryRun bool
}

func newPruneCommand() *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune ARCHIVE",
		Short: "Remove part of an archive",
		Long: `Removes the textures that a route, an area, a scenery package, a zoom level, a maptype or
a provider selects, or with --keep all others. If several are given, all must match. The
smaller archive replaces the old one once it is complete, and needs disk space of its own
until then.`,
		Example: `  xelpack prune europe.mbtiles --zoom 18
  xelpack prune europe.mbtiles --keep --bbox -10,35,30,60
  xelpack prune flight.mbtiles --holes -o whole.mbtiles`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.pick.Validate(); err != nil {
				return err
			}
			return withArchive(cmd, args[0], func(a *mbtiles.Archive) error {
				return runPrune(cmd.Context(), o, a, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	f := cmd.Flags()
	o.registerInPlace(f)
	registerPick(f, &o.pick)
	o.copyFlags.register(f, true)
	f.BoolVar(&o.Keep, "keep", false, "keep the selected textures and remove the rest")
	f.BoolVar(&o.DryRun, "dry-run", false, "only print how much would be left")
	cli.Explicit(f, "keep")
	return cmd
}

func runPrune(ctx context.Context, o pruneOptions, a *mbtiles.Archive, file string, stdout,
	stderr io.Writer) error {
	if err := o.inPlace(file); err != nil {
		return err
	}
	picked, err := o.pick.Of(ctx, a, notes(stderr))
	if errors.Is(err, tiles.ErrNothing) && !o.Keep {
		if o.Replace && !o.DryRun {
			return report.Unpruned(ctx, stdout, a, file, o.JSON)
		}
		err = nil // another output file is made all the same
	}
	if err != nil {
		return err
	}
	keep := func(e mbtiles.Entry) bool { return picked.Keys[e.Texture.Key()] == o.Keep }
	if o.DryRun {
		return report.Would(stdout, a, keep, picked.Notes, nil, o.JSON)
	}
	return o.run("prune", stdout, stderr, func(co mbtiles.CopyOptions) (any, string, error) {
		left := a.Len() - len(picked.Keys)
		if o.Keep {
			left = len(picked.Keys)
		}
		if co.Plan, err = o.pick.Purpose(ctx, a, left, !o.Keep); err != nil {
			return nil, "", err
		}
		r, err := a.Extract(ctx, o.Output, keep, co)
		if errors.Is(err, mbtiles.ErrNothing) {
			err = fmt.Errorf("%w: the archive would be empty; remove the file instead", err)
		}
		return report.Picked{CopyReport: r, Notes: picked.Notes},
			fmt.Sprintf("%s removed, %s", units.Count(a.Len()-r.Textures), report.Made(r)), err
	})
}
