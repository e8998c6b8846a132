package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// version returns the module's version, "devel" for a build from a checkout.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// userAgent is how we introduce ourselves to providers.
func userAgent() string { return "xelpack/" + version() }

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
		version(), mbtiles.FormatVersion, dds.Decoder(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
