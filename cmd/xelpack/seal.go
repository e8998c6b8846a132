package main

import (
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/seal"
)

func newSealCommand() *cobra.Command {
	var o seal.Options
	asJSON := false
	cmd := &cobra.Command{
		Use:   "seal ARCHIVE... --route FILE [--scenery DIR...]",
		Short: "Prove before take-off that a flight needs no network",
		Long: `Checks that every texture that X-Plane will ask for on the flight is packed or a real file
of its package, with no holes and in the detail that will be seen; compares every texture
with its hash, as verify does; tries the flight's first load on a mount of its own; and
looks at memory and disk. It prints "sealed" or "not sealed", what lacks, and the commands
that close it. The exit code is 0 if sealed and 3 if not.

Detail is as in the archive's build unless given here. --installed checks the textures
that "xelpack install" has put into the packages.`,
		Example: `  xelpack seal flight.mbtiles --route flight.fms --scenery "Custom Scenery/zzXEL_eur_ortho"
  xelpack seal flight.mbtiles --bbox 5.5,43,7.5,44.5 --zoom 14 --maptype EOX
  xelpack seal flight.mbtiles --route flight.fms --scenery DIR --json | jq -r '.lacks[].texture'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Archives, o.Note = args, notes(cmd.ErrOrStderr())
			o.Asked = func(name string) bool { return cmd.Flags().Changed(name) }
			o.Meter = meters(cmd.ErrOrStderr())
			r, err := seal.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			err = report.Write(cmd.OutOrStdout(), asJSON, r, r.WriteText)
			if err == nil && !r.Sealed {
				err = seal.ErrUnsealed
			}
			return err
		},
	}
	f := cmd.Flags()
	registerSelection(f, &o.Selection)
	registerImagery(f, &o.Imagery)
	f.BoolVar(&o.Installed, "installed", false, "the textures are files in the packages: no mount is used")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}
