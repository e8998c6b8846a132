package main

import (
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/safefile"
	"github.com/xelpack/xelpack/pkg/dds"
)

func newDecodeCommand() *cobra.Command {
	var level int
	cmd := &cobra.Command{
		Use:   "decode IN.dds OUT.png",
		Short: "Decode a DDS texture to a PNG",
		Long:  "Decodes one mip level of a DDS texture, as xelpack writes them, to a PNG.",
		Example: `  xelpack decode 23952_33712_BI16.dds texture.png
  xelpack decode 23952_33712_BI16.dds small.png --level 4     (256 pixels wide)`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return runDecode(args[0], args[1], level)
		},
	}
	cmd.Flags().IntVar(&level, "level", 0, "mip level: 0 is the sharpest, every next one half as wide")
	return cmd
}

func runDecode(in, out string, level int) error {
	if !strings.EqualFold(filepath.Ext(out), ".png") {
		return usageErrorf("%s: the picture's name must end in .png", out)
	}
	l, blocks, err := readLevel(in, level)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	img, err := dds.Decode(l, level, blocks)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	return safefile.Write(out, func(w io.Writer) error { return png.Encode(w, img) })
}

// readLevel reads one mip level of a texture whose size is what its header says.
func readLevel(file string, level int) (dds.Layout, []byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return dds.Layout{}, nil, err
	}
	defer func() { _ = f.Close() }()
	var header [dds.HeaderSize]byte
	n, err := io.ReadFull(f, header[:])
	if err != nil && n == 0 {
		return dds.Layout{}, nil, fmt.Errorf("read header: %w", err)
	}
	l, err := dds.ParseHeader(header[:n])
	if err != nil {
		return dds.Layout{}, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return dds.Layout{}, nil, err
	}
	if info.Size() != l.Size() {
		return dds.Layout{}, nil, fmt.Errorf("%w: the file has %d bytes, a %v texture of %d px has %d", dds.ErrBlocks, info.Size(), l.Format, l.Side, l.Size())
	}
	if level < 0 || level >= l.Levels() {
		return dds.Layout{}, nil, usageErrorf("--level %d: %w: the texture has levels 0 to %d", level, dds.ErrLevel, l.Levels()-1)
	}
	offset, length := l.Level(level)
	blocks := make([]byte, length)
	if _, err := f.ReadAt(blocks, offset); err != nil {
		return dds.Layout{}, nil, fmt.Errorf("read level %d: %w", level, err)
	}
	return l, blocks, nil
}
