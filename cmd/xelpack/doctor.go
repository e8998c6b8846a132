package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/doctor"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/serve"
	"github.com/xelpack/xelpack/internal/units"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	imagery imagery.Options
	Scenery []string
	XPlane  string
	JSON    bool
	Fix     bool

	errConfig error // from the user's defaults
}

func newDoctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [ARCHIVE...] [--scenery DIR...]",
		Short: "Find problems that would keep a mount from working",
		Long: `Checks FUSE (with a trial mount), limits, memory, disk, and the given archives and scenery
packages, asks the provider for one image, and reads the order of X-Plane's
scenery_packs.ini and what its last Log.txt says of scenery. It prints the result of each
check and what to do about it. Nothing is changed.

--fix first puts scenery_packs.ini in order: the packages of --scenery, or else all ortho
packages, are listed and below airports and overlays; other lines stay as they are, and a
copy of the file is kept beside it. Folders that X-Plane has to see are made.

Give it the same archives, --scenery and --provider as the mount. X-Plane is found where
its installer recorded it, or at --xplane. The exit code is 1 if there is a failure,
otherwise 0, even with warnings.`,
		Example: `  xelpack doctor
  xelpack doctor --fix
  xelpack doctor flight.mbtiles --scenery ~/scenery/zzXEL_eur_ortho --xplane "~/X-Plane 12"`,
		// Invalid defaults are reported as a finding.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			o.errConfig = cli.ApplyDefaults(cmd)
			_ = cli.FindNames(cmd) // a name that stands for nothing is a finding, too
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.XPlane = cli.XPlane(cmd)
			if o.Fix {
				changes, err := doctor.Fix(cmd.Context(), o.XPlane, o.Scenery, time.Now())
				if err != nil {
					return fmt.Errorf("--fix: %w", err)
				}
				for _, text := range changes {
					fmt.Fprintf(cmd.ErrOrStderr(), "fixed: %s\n", text)
				}
			}
			return runDoctor(cmd.Context(), o, args, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Scenery, "scenery", nil, "scenery package `DIR` to check; may be repeated")
	f.BoolVar(&o.JSON, "json", false, "print JSON")
	f.BoolVar(&o.Fix, "fix", false, "put X-Plane's scenery_packs.ini in order first")
	cli.Explicit(f, "fix")
	registerImagery(f, &o.imagery)
	return cmd
}

func runDoctor(ctx context.Context, o doctorOptions, files []string, stdout io.Writer) error {
	if err := o.imagery.Validate(); err != nil {
		return err
	}
	cacheBytes, err := units.ParseBytes(serve.DefaultMemoryCache)
	if err != nil {
		return err
	}
	live, err := units.ParseBytes(serve.DefaultDiskCache)
	if err != nil {
		return err
	}
	findings := doctor.Examine(ctx, doctor.Options{
		Archives: files, Scenery: o.Scenery, XPlane: o.XPlane, Imagery: o.imagery, ErrConfig: o.errConfig,
		Memory: serve.Memory(cacheBytes, max(1, len(files))), LiveCache: live,
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	err = report.Write(stdout, o.JSON, findings, func(w io.Writer) error {
		return doctor.WriteText(w, findings)
	})
	if err == nil && doctor.Worst(findings) == doctor.Failure {
		err = doctor.ErrProblems
	}
	return err
}
