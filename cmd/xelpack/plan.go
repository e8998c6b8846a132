package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/planmap"
	"github.com/xelpack/xelpack/internal/remote"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// planOptions are the flags of plan.
type planOptions struct {
	plan.Options
	making makingFlags
	JSON   bool
	List   bool
	Map    string
}

// makingFlags are the flags about how textures are made.
type makingFlags struct {
	Quality  string
	Compress string
}

func (o *makingFlags) register(f *pflag.FlagSet) {
	f.StringVar(&o.Quality, "quality", "good", "encoder: fast, good or best")
	f.StringVar(&o.Compress, "compress", "fast", "archive compression: none, fast or best")
}

func (o makingFlags) parse() (e estimate.Options, err error) {
	if e.Quality, err = dds.ParseQuality(o.Quality); err != nil {
		return e, usage.Errorf("--quality: %w", err)
	}
	if e.Compression, err = mbtiles.ParseCompression(o.Compress); err != nil {
		return e, usage.Errorf("--compress: %w", err)
	}
	return e, nil
}

func newPlanCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Print what would be built",
		Long: `Prints what a build of the same selection would fetch and store. Nothing is fetched.

With --json: textures, chunks, requests, download_bytes, store_bytes, seconds, by_detail,
and notes on what was guessed or left out, or should be checked. With --list: one line per
texture, "row col maptype zl k", in the order in which they would be built; a texture of
detail k is built from chunks at ZL-k and is 4096>>k pixels wide.

With --map FILE the plan is drawn as well: FILE.html is an interactive page that needs no
network; FILE.png is a picture.`,
		Example: `  xelpack plan --route flight.geojson --scenery ~/scenery/zzXEL_eur_ortho
  xelpack plan --bbox 5.5,43,7.5,44.5 --zoom 16 --provider eox --json
  xelpack plan --route flight.fms --map flight.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runPlan(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	registerSelection(cmd.Flags(), &o.Selection)
	registerImagery(cmd.Flags(), &o.Imagery)
	o.making.register(cmd.Flags())
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print the plan as JSON")
	cmd.Flags().BoolVar(&o.List, "list", false, "print one line per texture: row col maptype zl k")
	cmd.Flags().StringVar(&o.Map, "map", "",
		"draw the plan as well: `FILE`.html, a page, or FILE.png, a picture")
	return cmd
}

// runPlan prints what a build would do.
func runPlan(ctx context.Context, o planOptions, stdout, stderr io.Writer) error {
	if o.JSON && o.List {
		return usage.Errorf("--json and --list cannot be combined")
	}
	if o.Map != "" {
		if err := cmp.Or(remote.Written(o.Map), planmap.CheckFile(o.Map)); err != nil {
			return fmt.Errorf("--map %w", err)
		}
	}
	p, err := o.make(ctx, stderr)
	if err != nil {
		return err
	}
	p.NoteRoom()
	if o.Map != "" {
		if err := p.Map().WriteFile(o.Map); err != nil {
			return fmt.Errorf("--map: %w", err)
		}
	}
	if o.List {
		return p.WriteList(stdout)
	}
	return report.Write(stdout, o.JSON, p.Report(), p.WriteText)
}

// make makes the plan of the flags.
func (o planOptions) make(ctx context.Context, stderr io.Writer) (p *plan.Plan, err error) {
	if o.Making, err = o.making.parse(); err != nil {
		return nil, err
	}
	o.Note = notes(stderr)
	return plan.Make(ctx, o.Options)
}
