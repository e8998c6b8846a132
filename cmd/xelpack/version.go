package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/sqlite"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Prints the version of xelpack and the commit that it was built from, the version of the
archive format, and those of the libraries in it. What was built from no tag is 0.0.0-dev.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := io.WriteString(cmd.OutOrStdout(), versionText())
			return err
		},
	}
}

// versionText is the output of the verb and of --version.
func versionText() string {
	commit := version.Commit()
	if commit != "" {
		commit = " (commit " + commit + ")"
	}
	return fmt.Sprintf("xelpack %s%s, archive format %d, %s, SQLite %s, %s %s/%s\n",
		version.String(), commit,
		mbtiles.FormatVersion, dds.Decoder(), sqlite.LibraryVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
