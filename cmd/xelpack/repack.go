package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// repackOptions are the flags of repack.
type repackOptions struct {
	copyFlags
	Compress string
}

func newRepackCommand() *cobra.Command {
	var o repackOptions
	cmd := &cobra.Command{
		Use:   "repack ARCHIVE",
		Short: "Rewrite an archive in canonical form",
		Long: `Rewrites an archive in its canonical form: archives of the same digest, metadata and
compression become the same bytes, however they were built. Unused space is freed. With
--compress every texture is compressed again. The new archive replaces the old one once it
is complete.`,
		Example: `  xelpack repack flight.mbtiles
  xelpack repack flight.mbtiles --compress best -o small.mbtiles`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAny(cmd, args[0], func(a *mbtiles.Archive) error {
				return runRepack(cmd.Context(), o, a, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
			})
		},
	}
	f := cmd.Flags()
	o.registerInPlace(f)
	o.register(f, true)
	f.StringVar(&o.Compress, "compress", "",
		"compress again: none, fast or best (default unchanged)")
	cli.Explicit(f, "compress")
	return cmd
}

func runRepack(ctx context.Context, o repackOptions, a *mbtiles.Archive, file string, stdout,
	stderr io.Writer) error {
	var compression mbtiles.Compression
	if o.Compress != "" {
		var err error
		if compression, err = mbtiles.ParseCompression(o.Compress); err != nil {
			return usage.Errorf("--compress: %w", err)
		}
	}
	if err := o.inPlace(file); err != nil {
		return err
	}
	return o.run("repack", stdout, stderr, func(co mbtiles.CopyOptions) (any, string, error) {
		co.Recompress, co.Compression = o.Compress != "", compression
		r, err := a.Repack(ctx, o.Output, co)
		return r, report.Made(r), err
	})
}
