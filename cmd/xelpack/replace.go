package main

import (
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

func newReplaceCommand() *cobra.Command {
	var o repairOptions
	var pick plan.Pick
	cmd := &cobra.Command{
		Use:   "replace ARCHIVE --provider OTHER",
		Short: "Build chosen textures of an archive from other imagery",
		Long: `Builds textures with clouds or other faults again, from another provider, on a copy that
replaces the archive when it is finished. Each texture's provider is recorded. A result with
more holes than the stored texture is discarded. With the provider that the textures are from,
--no-store asks it again.`,
		Example: `  xelpack replace flight.mbtiles --texture 23952_33712_BI16 --provider eox
  xelpack replace flight.mbtiles --region clouds.geojson --provider eox`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.archive = args[0]
			if o.imagery.Provider == imagery.Auto {
				return usage.Errorf("no imagery to replace with: give --provider ID")
			}
			if err := pick.Validate(); err != nil {
				return err
			}
			ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
			err := withArchive(cmd, o.archive, func(a *mbtiles.Archive) error {
				picked, err := pick.Of(ctx, a, notes(stderr))
				o.chosen = picked.Keys
				return err
			})
			if err != nil {
				return err
			}
			return runRepair(ctx, o, cmd.OutOrStdout(), stderr)
		},
	}
	f := cmd.Flags()
	registerArea(f, &pick.Area)
	registerNames(f, &pick)
	o.register(f)
	return cmd
}
