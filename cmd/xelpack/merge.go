package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/opener"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/combine"
)

// mergeOptions are the flags of merge.
type mergeOptions struct {
	copyFlags
	Prefer string
	Force  bool
	DryRun bool
}

func newMergeCommand() *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:   "merge ARCHIVE… -o FILE.mbtiles",
		Short: "Combine several archives into one",
		Long: `Copies the textures of several archives into a new one, as they are stored, each once. If
several have a texture, one without failed chunks is preferred to one with; then --prefer
decides: first takes that of the archive given first; newest that of the most recently
modified file; sharpest the one with the greatest detail. Equally good ones are taken from
the archive given first. Equal files are stored once. Imagery that may be passed on and
imagery that may not are not mixed without --force; the new archive has the attributions
and licences of all its sources.`,
		Example: `  xelpack merge alps.mbtiles riviera.mbtiles -o south.mbtiles
  xelpack merge old.mbtiles new.mbtiles --prefer sharpest -o best.mbtiles
  xelpack merge shard-*.mbtiles -o europe.mbtiles --dry-run`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchives(cmd, args, func(inputs []*mbtiles.Archive) error {
				return runMerge(cmd.Context(), o, inputs, cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	f := cmd.Flags()
	o.registerNew(f)
	o.register(f, false)
	f.StringVar(&o.Prefer, "prefer", "first",
		"which of several textures with one name to take: first, newest or sharpest")
	f.BoolVar(&o.Force, "force", false,
		"mix imagery that may be passed on with imagery that may not: the new archive may not")
	f.BoolVar(&o.DryRun, "dry-run", false, "only print what would be taken from which archive")
	cli.Explicit(f, "force")
	return cmd
}

func runMerge(ctx context.Context, o mergeOptions, inputs []*mbtiles.Archive, stdout,
	stderr io.Writer) error {
	prefer, err := combine.ParsePreference(o.Prefer)
	if err != nil {
		return usage.Errorf("--prefer: %w", err)
	}
	mo := combine.MergeOptions{Prefer: prefer, Force: o.Force}
	if o.DryRun {
		r, err := combine.PlanMerge(ctx, inputs, mo)
		if err != nil {
			return err
		}
		return report.WouldMerge(stdout, r, o.JSON)
	}
	if err := o.target(); err != nil {
		return err
	}
	return o.run("merge", stdout, stderr, func(co mbtiles.CopyOptions) (any, string, error) {
		mo.CopyOptions = co
		r, err := combine.Merge(ctx, o.Output, inputs, mo)
		return r, report.Merged(r), err
	})
}

// withArchives opens archives, calls f with them and closes them.
func withArchives(cmd *cobra.Command, files []string, f func([]*mbtiles.Archive) error) error {
	// They are read once from start to end: caching is useless.
	return opener.Use(cmd.Context(), notes(cmd.ErrOrStderr()), files,
		mbtiles.ReaderOptions{CacheBytes: -1, Readers: 2}, f)
}
