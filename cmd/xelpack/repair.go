package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/progress"
)

// repairOptions are the flags of repair.
type repairOptions struct {
	workFlags
	imagery imagery.Options
	making  makingFlags
	archive string

	retryMissing, damaged, JSON bool
}

func newRepairCommand() *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:   "repair ARCHIVE",
		Short: "Fetch again what an archive could not get",
		Long: `Builds the textures with failed chunks again, from the provider that they were built from, on a copy that replaces the archive when it is finished. Where the
provider has no imagery there is no hole: --retry-missing asks again there too. What comes back worse than it was is not kept. With --damaged the archive is
verified first, and the textures that suffered damage are built again as well: of one that was cut short too, as long as its list of textures is left.`,
		Example: `  xelpack repair flight.mbtiles
  xelpack repair flight.mbtiles --damaged
  xelpack repair flight.mbtiles --retry-missing --provider eox`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.archive = args[0]
			return runRepair(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	registerImagery(f, &o.imagery)
	f.Lookup("provider").Usage = "imagery from another provider, by `ID`, URL template, mbtiles:FILE or FILE.lay; auto is what the archive was built from"
	explicit(f, "provider") // a default of builds would be another than the archive's
	f.BoolVar(&o.retryMissing, "retry-missing", false, "also ask again where the provider had no imagery")
	f.BoolVar(&o.damaged, "damaged", false, "verify every texture first, and fetch those again that are damaged")
	o.making.register(f)
	o.workFlags.register(f)
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	return cmd
}

func runRepair(ctx context.Context, o repairOptions, stdout, stderr io.Writer) error {
	making, err := o.making.parse()
	if err != nil {
		return err
	}
	if err := o.workFlags.Validate(); err != nil {
		return err
	}
	if err := o.imagery.Validate(); err != nil {
		return err
	}
	watcher, err := o.observeOptions.start(ctx, "repair", stderr)
	if err != nil {
		return err
	}
	defer watcher.Close()
	report, err := build.Repair(ctx, build.RepairOptions{
		Options: o.workFlags.options(watcher, stderr), Archive: o.archive, Imagery: o.imagery, Making: making,
		RetryMissing: o.retryMissing, Damaged: o.damaged,
		Meter: func(what string) (set func(done, total int64), end func()) {
			m := progress.NewMeter(stderr, what)
			return m.Set, m.Close
		},
	})
	return conclude(watcher, o.archive, o.JSON, buildReport{Report: report}, err, stdout)
}
