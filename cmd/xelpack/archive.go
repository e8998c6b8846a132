package main

import (
	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/opener"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// withArchive opens the archive, calls f with it and closes it. A patch is refused.
func withArchive(cmd *cobra.Command, file string, f func(*mbtiles.Archive) error) (err error) {
	return withAny(cmd, file, func(a *mbtiles.Archive) error {
		if err := a.NoPatch(); err != nil {
			return err
		}
		return f(a)
	})
}

// withAny is withArchive of an archive or a patch.
func withAny(cmd *cobra.Command, file string, f func(*mbtiles.Archive) error) (err error) {
	return opener.Use(cmd.Context(), notes(cmd.ErrOrStderr()), []string{file},
		mbtiles.ReaderOptions{}, func(open []*mbtiles.Archive) error { return f(open[0]) })
}

func newInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info ARCHIVE",
		Short: "Describe an archive",
		Long: `Prints an archive's state, digest, format and root, textures by zoom level, format and
detail, holes, the plan and time of its build, and metadata. A hole is a texture with
chunks that failed. A .part file is accepted too.`,
		Example: `  xelpack info flight.mbtiles
  xelpack info flight.mbtiles --json | jq -r .digest`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAny(cmd, args[0], func(a *mbtiles.Archive) error {
				info, err := a.Info(cmd.Context())
				if err != nil {
					return err
				}
				return report.Info(cmd.OutOrStdout(), info, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls ARCHIVE",
		Short: "List the textures of an archive",
		Long: `Lists the textures of an archive, one per line: file name, bytes, detail, for a hole the
number of failed chunks, and when the pictures were taken if the provider tells. With
--json one object per line, with row, col, maptype, zl, k, format, side, bytes, sha256,
chunks, overzoomed, missing, failed and provider; sources for a mosaic, and captured
(oldest and newest) where it is known.`,
		Example: "  xelpack ls flight.mbtiles | wc -l",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAny(cmd, args[0], func(a *mbtiles.Archive) error {
				return report.List(cmd.Context(), cmd.OutOrStdout(), a, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per line")
	return cmd
}
