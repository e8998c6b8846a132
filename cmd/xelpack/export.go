package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/look"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/ddsdir"
)

// exportOptions are the flags of export.
type exportOptions struct {
	look       look.Options
	OnExisting string
	DryRun     bool
	JSON       bool
}

func newExportCommand() *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export ARCHIVE DIR",
		Short: "Write an archive's textures as plain DDS files",
		Long: `Writes every texture as DIR/NAME.dds, for systems without FUSE: DIR may be a scenery
package's textures folder. DIR is created if needed, and nothing is written outside it: a
link that leads out of it is refused, one that stays inside is followed. Every file gets
its name when it is complete: to continue an export that was interrupted, use
--on-existing skip.`,
		Example: `  xelpack export flight.mbtiles ~/scenery/zzXEL_eur_ortho/textures
  xelpack export flight.mbtiles out --on-existing skip`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := remote.Written(args[1]); err != nil {
				return err
			}
			return withArchive(cmd, args[0], func(a *mbtiles.Archive) error {
				return export(cmd.Context(), a, args[1], o, cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	cmd.Flags().StringVar(&o.OnExisting, "on-existing", "fail",
		"what to do with existing files: skip, replace or fail")
	registerLook(cmd.Flags(), &o.look)
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "only print what would be written")
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print the report as JSON")
	return cmd
}

func export(ctx context.Context, a *mbtiles.Archive, dir string, o exportOptions, stdout,
	stderr io.Writer) error {
	existing, err := ddsdir.ParseExisting(o.OnExisting)
	if err != nil {
		return usage.Errorf("--on-existing %w", err)
	}
	real, err := realpath.Of(dir)
	if err != nil {
		return err
	}
	of, name, err := makeLook(o.look, time.Now(), stderr)
	if err != nil {
		return err
	}
	meter := progress.NewMeter(stderr, "export")
	written, err := ddsdir.Export(ctx, a, real,
		ddsdir.ExportOptions{Existing: existing, DryRun: o.DryRun, Look: of, LookName: name, Progress: meter.Set})
	meter.Close()
	if err != nil {
		return err
	}
	written.Dir = dir
	done := "written"
	if o.DryRun {
		done = "to write"
	}
	return report.Line(stdout, o.JSON, written, "%s: %s %s, %d skipped", words.Line(real),
		units.Plural(written.Written, "texture"), done, written.Skipped)
}
