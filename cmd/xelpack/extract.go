package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// extractOptions are the flags of extract.
type extractOptions struct {
	pick plan.Pick
	copyFlags
	Have   []string // archives whose contents are not fetched again
	DryRun bool
}

func newExtractCommand() *cobra.Command {
	var o extractOptions
	cmd := &cobra.Command{
		Use:   "extract ARCHIVE -o FILE.mbtiles",
		Short: "Copy part of an archive into a new one",
		Long: `Copies the textures that a route, an area, a scenery package, a zoom level, a maptype or a
provider selects into a new archive, as they are stored. If several are given, all must
match. Every texture is compared with its hash: damage is not copied.

Of an ARCHIVE on a web server (https://…) only what is selected is fetched, and of that not
what an archive given with --have holds already. So the same command with --have and
--replace updates. When it is interrupted, run it again: nothing is fetched twice.`,
		Example: `  xelpack extract europe.mbtiles --route flight.fms -o flight.mbtiles
  xelpack extract europe.mbtiles --bbox 8,41,10,43.2 --zoom 16 -o corsica.mbtiles
  xelpack extract https://example.org/europe.mbtiles --route flight.fms -o flight.mbtiles
  xelpack extract https://example.org/europe.mbtiles --route flight.fms \
    --have flight.mbtiles --replace -o flight.mbtiles`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.pick.Validate(); err != nil {
				return err
			}
			return withArchive(cmd, args[0], func(a *mbtiles.Archive) error {
				return withArchives(cmd, o.Have, func(have []*mbtiles.Archive) error {
					return runExtract(cmd.Context(), o, a, have, cmd.OutOrStdout(),
						cmd.ErrOrStderr())
				})
			})
		},
	}
	f := cmd.Flags()
	o.registerNew(f)
	registerPick(f, &o.pick)
	o.copyFlags.register(f, true)
	f.StringArrayVar(&o.Have, "have", nil,
		"archive `FILE` from which equal textures are taken instead of being fetched; may be repeated")
	f.BoolVar(&o.DryRun, "dry-run", false, "only print how much would be copied")
	return cmd
}

func runExtract(ctx context.Context, o extractOptions, a *mbtiles.Archive,
	have []*mbtiles.Archive, stdout, stderr io.Writer) error {
	if !o.DryRun {
		if err := o.target(); err != nil {
			return err
		}
	}
	picked, err := o.pick.Of(ctx, a, notes(stderr))
	if err != nil {
		return err
	}
	keep := func(e mbtiles.Entry) bool { return picked.Keys[e.Texture.Key()] }
	var fetch *mbtiles.ToFetch
	if a.Remote() {
		f, err := a.ToFetch(ctx, a.Those(keep), have)
		if err != nil {
			return err
		}
		fetch = &f
		if err := report.ToFetch(ctx, stderr, a, fetch); err != nil {
			return err
		}
	}
	if o.DryRun {
		return report.Would(stdout, a, keep, picked.Notes, fetch, o.JSON)
	}
	return o.run("extract", stdout, stderr, func(co mbtiles.CopyOptions) (any, string, error) {
		co.Have = have
		var err error
		if co.Plan, err = o.pick.Purpose(ctx, a, len(picked.Keys), false); err != nil {
			return nil, "", err
		}
		r, err := a.Extract(ctx, o.Output, keep, co)
		if err == nil {
			err = a.DropFetched(ctx, a.Those(keep)) // they are in the new archive
		}
		return report.Picked{CopyReport: r, Notes: picked.Notes},
			fmt.Sprintf("%s of %s", units.Plural(r.Textures, "texture"), units.Count(a.Len())), err
	})
}
