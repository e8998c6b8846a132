package main

import (
	"context"
	_ "image/jpeg" // pictures to encode
	_ "image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/picture"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/dds"
)

// encodeOptions are the flags of encode.
type encodeOptions struct{ Format, Quality string }

func newEncodeCommand() *cobra.Command {
	var o encodeOptions
	cmd := &cobra.Command{
		Use:   "encode IN OUT.dds",
		Short: "Encode a picture as a DDS texture",
		Long: `Encodes a PNG or JPEG, square and 256, 512, 1024, 2048 or 4096 pixels wide, or a folder of
256×256 JPEG chunks named ROW_COL.jpg (00_00.jpg is the north-west one), as a DDS texture
with a full mip chain.`,
		Example: `  xelpack encode photo.png photo.dds
  xelpack encode chunks/ 23952_33712_BI16.dds --quality best
  xelpack encode coast.png coast.dds --format bc3     (keeps the alpha)`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runEncode(cmd.Context(), o, args[0], args[1])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Format, "format", "bc1", "block compression: bc1, or bc3 to keep the alpha")
	f.StringVar(&o.Quality, "quality", "good", "encoder: fast, good or best")
	return cmd
}

func runEncode(ctx context.Context, o encodeOptions, in, out string) error {
	quality, err := dds.ParseQuality(o.Quality)
	if err != nil {
		return usage.Errorf("--quality: %w", err)
	}
	format, ok := map[string]dds.Format{"bc1": dds.BC1, "bc3": dds.BC3}[strings.ToLower(o.Format)]
	if !ok {
		return usage.Errorf("unknown --format %q (want bc1 or bc3)", o.Format)
	}
	if !strings.EqualFold(filepath.Ext(out), ".dds") {
		return usage.Errorf("%s: the output file must end in .dds", out)
	}
	file, err := picture.Encode(ctx, in, format, quality)
	if err != nil {
		return err
	}
	return safefile.Write(out, func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	})
}
