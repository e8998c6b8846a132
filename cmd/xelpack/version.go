package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Prints the version of xelpack, of the archive format, and the JPEG decoder in use.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), versionText())
			return err
		},
	}
}

// versionText is what the verb and --version print.
func versionText() string {
	return fmt.Sprintf("xelpack %s, archive format %d, %s, %s %s/%s\n",
		version.String(), mbtiles.FormatVersion, dds.Decoder(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
