package main

import (
	"fmt"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/picture"
	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/dds"
)

func newDecodeCommand() *cobra.Command {
	var level int
	cmd := &cobra.Command{
		Use:   "decode IN.dds OUT.png",
		Short: "Decode a DDS texture to a PNG",
		Long:  "Decodes one mip level of a DDS texture written by xelpack to a PNG.",
		Example: `  xelpack decode 23952_33712_BI16.dds texture.png
  xelpack decode 23952_33712_BI16.dds small.png --level 4     (256 pixels wide)`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return runDecode(args[0], args[1], level)
		},
	}
	cmd.Flags().IntVar(&level, "level", 0,
		"mip level: 0 is the sharpest, each next one is half as wide")
	return cmd
}

func runDecode(in, out string, level int) error {
	if !strings.EqualFold(filepath.Ext(out), ".png") {
		return usage.Errorf("%s: the output file must end in .png", out)
	}
	l, blocks, err := picture.ReadLevel(in, level)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	img, err := dds.Decode(l, level, blocks)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	return safefile.Write(out, func(w io.Writer) error { return png.Encode(w, img) })
}
