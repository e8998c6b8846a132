package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/cli"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/ddsdir"
)

// importOptions are the flags of import.
type importOptions struct {
	build.ImportOptions
	Compress string
	JSON     bool
}

func newImportCommand() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import DIR… -o FILE.mbtiles",
		Short: "Pack folders of DDS files into an archive",
		Long: `Packs the textures in folders and their sub-folders into an archive: Ortho4XP's and other
packages' textures (23952_33712_BI16.dds), and AutoOrtho's cache of DDS files
(dds_cache/…/BI/23952_33712_z16.dds). Every file is checked: its name, its format (DXT1 or
DXT5, square, 256 to 4096 px, all mip levels) and its length. Skipped files are listed
with the reason. If a texture is found twice, the first is used. An interrupted import
continues where it stopped.

Only the maker's licence says whether the imagery may be passed on: unless
--redistributable is given, the archive is marked as not redistributable. For a --provider
whose licence forbids it, the flag is refused; if only the file names suggest such a
provider, there is a warning.`,
		Example: `  xelpack import ~/Ortho4XP/Tiles/zOrtho4XP_+43+005/textures -o +43+005.mbtiles
  xelpack import ~/.autoortho-data/cache/dds_cache -o autoortho.mbtiles --provider bing`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImport(cmd.Context(), o, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "", "archive to make, a `FILE` ending in .mbtiles")
	f.StringVar(&o.Provider, "provider", "", "`ID` of the provider that the imagery is from")
	f.StringVar(&o.Attribution, "attribution", "", "attribution to record: `TEXT`")
	f.StringVar(&o.Licence, "licence", build.UnknownLicence, "licence to record: `TEXT`")
	f.BoolVar(&o.Free, "redistributable", false, "the licence allows passing the imagery on")
	f.StringVar(&o.Compress, "compress", "fast", "archive compression: none, fast or best")
	f.BoolVar(&o.DryRun, "dry-run", false, "only print what would be packed and skipped")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	cli.Explicit(f, "provider", "attribution", "licence", "redistributable")
	return cmd
}

func runImport(ctx context.Context, o importOptions, dirs []string, stdout,
	stderr io.Writer) (err error) {
	if o.Compression, err = mbtiles.ParseCompression(o.Compress); err != nil {
		return usage.Errorf("--compress: %w", err)
	}
	if !o.DryRun {
		if o.Output == "" {
			return usage.Errorf("no output file: give -o FILE.mbtiles")
		}
		if o.Output, err = build.OutputFile(o.Output); err != nil {
			return err
		}
	}
	meter := progress.NewMeter(stderr, "import")
	o.Note, o.Progress = notes(stderr), meter.Set
	found, err := build.Import(ctx, dirs, o.ImportOptions)
	meter.Close()
	if err != nil || !o.JSON {
		build.NoteSkipped(o.Note, found)
	}
	if err != nil {
		return err
	}
	if found.Skipped == nil {
		found.Skipped = []ddsdir.Skipped{}
	}
	return report.Write(stdout, o.JSON, found, func(w io.Writer) error {
		return build.WriteImport(w, o.Output, o.DryRun, found)
	})
}
