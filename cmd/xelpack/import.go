package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/mbtiles/ddsdir"
)

// importOptions are the flags of import.
type importOptions struct {
	Output      string
	Provider    string
	Attribution string
	Licence     string
	Free        bool
	Compress    string
	DryRun      bool
	JSON        bool
}

const unknownLicence = "unknown"

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
	f.StringVar(&o.Licence, "licence", unknownLicence, "licence to record: `TEXT`")
	f.BoolVar(&o.Free, "redistributable", false, "the licence allows passing the imagery on")
	f.StringVar(&o.Compress, "compress", "fast", "archive compression: none, fast or best")
	f.BoolVar(&o.DryRun, "dry-run", false, "only print what would be packed and skipped")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	explicit(f, "provider", "attribution", "licence", "redistributable")
	return cmd
}

func runImport(ctx context.Context, o importOptions, dirs []string, stdout,
	stderr io.Writer) error {
	compression, err := mbtiles.ParseCompression(o.Compress)
	if err != nil {
		return usageErrorf("--compress: %w", err)
	}
	if !o.DryRun {
		if o.Output == "" {
			return usageErrorf("no output file: give -o FILE.mbtiles")
		}
		if o.Output, err = build.OutputFile(o.Output); err != nil {
			return err
		}
	}
	found, err := ddsdir.Find(ctx, dirs...)
	if err != nil {
		return err
	}
	if o.Free {
		if err := checkFree(o.Provider, found, stderr); err != nil {
			return err
		}
	}
	if len(found.Files) == 0 {
		sayImported(stderr, ddsdir.Report{Skipped: found.Skipped, Others: found.Others})
		return errors.New("no textures to import (want files such as 23952_33712_BI16.dds)")
	}
	var report ddsdir.Report
	if o.DryRun {
		report = ddsdir.Report{Imported: len(found.Files), Skipped: found.Skipped,
			Others: found.Others}
		for _, f := range found.Files {
			report.Bytes += f.Layout.Size()
		}
	} else if report, err = importInto(ctx, o, compression, found, stderr); err != nil {
		return err
	}
	if o.JSON {
		if report.Skipped == nil {
			report.Skipped = []ddsdir.Skipped{}
		}
		return json.NewEncoder(stdout).Encode(report)
	}
	sayImported(stderr, report)
	if o.DryRun {
		_, err = fmt.Fprintf(stdout, "would pack %s, %s of DDS, and skip %d\n",
			units.Plural(report.Imported, "texture"), units.Bytes(report.Bytes),
			len(report.Skipped))
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s: %s imported, %d there already, %d skipped\n", o.Output,
		units.Plural(report.Imported, "texture"), report.Present, len(report.Skipped))
	return err
}

// checkFree compares --redistributable with the catalogue's terms of the provider, and of the
// providers that the names suggest.
func checkFree(provider string, found ddsdir.Files, stderr io.Writer) error {
	known, err := imagery.Catalogue()
	if err != nil {
		return err
	}
	if p, ok := known.Find(provider); ok && !p.Redistributable() {
		return usageErrorf("--redistributable: the licence of %s does not allow passing its "+
			"imagery on (%s): leave out --redistributable, or name the provider that the imagery "+
			"is from", p.ID, p.Licence)
	}
	count := make(map[string]int)
	for _, f := range found.Files {
		count[strings.ToUpper(f.Texture.Maptype)]++
	}
	for _, code := range slices.Sorted(maps.Keys(count)) {
		if p, ok := known.Find(code); ok && !p.Redistributable() {
			fmt.Fprintf(stderr, "--redistributable: %s named %s, the maptype of %s, whose "+
				"licence does not allow passing its imagery on (%s)\n",
				units.Plural(count[code], "texture"), code, p.ID, p.Licence)
		}
	}
	return nil
}

func importInto(ctx context.Context, o importOptions, c mbtiles.Compression, found ddsdir.Files,
	stderr io.Writer) (ddsdir.Report, error) {
	w, err := mbtiles.Create(ctx, o.Output, mbtiles.WriterOptions{QueueBytes: 32 << 20})
	if err != nil {
		return ddsdir.Report{}, err
	}
	meter := progress.NewMeter(stderr, "import")
	report, err := ddsdir.Import(ctx, w, found,
		ddsdir.Options{Compression: c, Provider: o.Provider, Progress: meter.Set})
	meter.Close()
	if err == nil {
		err = w.Finish(ctx, map[string]string{
			mbtiles.KeySources: terms.Sources{o.source()}.String()})
	}
	return report, errors.Join(err, w.Close())
}

// source is what the flags and the catalogue say of the imagery.
func (o importOptions) source() terms.Source {
	s := terms.Source{Licence: o.Licence, Terms: terms.Of(o.Licence)}
	// a file of the user's that cannot be read is no reason not to import
	if known, err := imagery.Catalogue(); err == nil {
		if p, ok := known.Find(o.Provider); ok {
			described := p.Source(time.Now().Year())
			if o.Licence != unknownLicence {
				described.Licence, described.Terms = s.Licence, s.Terms
			}
			s = described
		}
	}
	s.ID = o.Provider
	if o.Attribution != "" {
		s.Attribution = o.Attribution
	}
	switch {
	case o.Free:
		s.Terms.Redistribution = terms.Yes
	case s.Terms.Redistribution == terms.Yes:
		// nobody has said that the imagery is what its name says
		s.Terms.Redistribution = terms.Unknown
	}
	return s
}

// sayImported lists the skipped files.
func sayImported(stderr io.Writer, r ddsdir.Report) {
	const most = 20
	for i, s := range r.Skipped {
		if i == most {
			fmt.Fprintf(stderr, "… and %d more: --json names them all\n", len(r.Skipped)-most)
			break
		}
		fmt.Fprintf(stderr, "skipped %s: %s\n", s.File, s.Why)
	}
	if r.Others > 0 {
		fmt.Fprintf(stderr, "ignored: %s of other kinds\n", units.Plural(r.Others, "file"))
	}
}
