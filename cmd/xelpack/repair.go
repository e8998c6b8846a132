package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// repairOptions are the flags of repair.
type repairOptions struct {
	workFlags
	imagery imagery.Options
	making  makingFlags
	archive string
	chosen  map[tiles.Key]bool // by replace; nil: those with failed chunks

	retryMissing, damaged, JSON bool
}

func newRepairCommand() *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use:   "repair ARCHIVE",
		Short: "Fetch failed chunks of an archive again",
		Long: `Builds the textures with failed chunks again, from their provider, on a copy that replaces
the archive when it is finished. Where the provider has no imagery there is no hole:
--retry-missing asks again there too. A result worse than the stored texture is discarded.
With --damaged the archive is verified first, and damaged textures are built again as
well, also in a truncated archive if its list of textures is intact.`,
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
	o.register(f)
	f.BoolVar(&o.retryMissing, "retry-missing", false,
		"also ask again where the provider had no imagery")
	f.BoolVar(&o.damaged, "damaged", false,
		"verify every texture first, and fetch damaged ones again")
	return cmd
}

// register registers the flags that repair and replace share.
func (o *repairOptions) register(f *pflag.FlagSet) {
	registerImagery(f, &o.imagery)
	f.Lookup("provider").Usage = "imagery from another provider: `ID`, URL template, " +
		"mbtiles:FILE or FILE.lay; auto is the archive's provider"
	cli.Explicit(f, "provider") // a user's default for builds must not override the archive's
	o.making.register(f)
	o.workFlags.register(f)
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
}

func runRepair(ctx context.Context, o repairOptions, stdout, stderr io.Writer) error {
	if err := local(o.archive); err != nil {
		return err
	}
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
	if err := o.bakeLook(stderr); err != nil {
		return err
	}
	watcher, err := o.observeOptions.start(ctx, "repair", stderr)
	if err != nil {
		return err
	}
	defer watcher.Close()
	report, err := build.Repair(ctx, build.RepairOptions{
		Options: o.workFlags.options(watcher,
			stderr), Archive: o.archive, Imagery: o.imagery, Making: making,
		Chosen: o.chosen, RetryMissing: o.retryMissing, Damaged: o.damaged,
		Meter: meters(stderr),
	})
	return conclude(watcher, o.archive, o.JSON, buildReport{Report: report}, err, stdout)
}
