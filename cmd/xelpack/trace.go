package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func newTraceCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "trace FILE",
		Short: "Summarise a simulator's requests to a mount",
		Long: `Summarises a trace recorded by "xelpack mount --trace FILE": textures, bytes by mip level
and by source, requests in flight, the slowest answers, and what was missing or served as
a stand-in. A truncated trace is read up to the cut.

"xelpack plan --from-trace FILE" and "build --from-trace FILE" select the textures that it
asked for; "xelpack replay" repeats the requests.`,
		Example: `  xelpack mount flight.mbtiles --trace flight.trace "Custom Scenery/zzXEL_eur_ortho"
  xelpack trace flight.trace
  xelpack trace flight.trace --json | jq .open.p99`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runTrace(args[0], asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the summary as JSON")
	cmd.AddCommand(newTraceSynthCommand())
	return cmd
}

func runTrace(file string, asJSON bool, stdout, stderr io.Writer) error {
	s, err := trace.SummariseFile(file, notes(stderr))
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(stdout).Encode(s)
	}
	return s.WriteText(stdout)
}

// synthOptions are the flags of trace synth.
type synthOptions struct {
	plan.Selection
	Output string
	Knots  float64
	Seed   uint64
	Limit  time.Duration
}

func newTraceSynthCommand() *cobra.Command {
	var o synthOptions
	cmd := &cobra.Command{
		Use:   "synth --route FILE -o TRACE",
		Short: "Make a trace of X-Plane's behaviour along a route",
		Long: `Makes a trace of an imaginary flight, from what is known of how X-Plane loads: whole cells
of 1° × 1°, each once its near edge comes within D degrees of latitude, D/cos φ of
longitude; D is from 1.6 to 2.5, different for every row and column of cells, chosen by
--seed. First it loads everything around the departure, then some hundred textures
whenever new cells come into reach; mostly headers and small mip levels, and all of the
nearest textures.

The textures are those that the scenery names, or without --scenery the grid at --zoom
with names of --maptype.`,
		Example: `  xelpack trace synth --route flight.fms --scenery ~/scenery/zzXEL_eur_ortho -o flight.trace
  xelpack trace synth --route flight.fms --maptype BI --knots 420 --limit 30m -o flight.trace`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runTraceSynth(cmd.Context(), o, cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "", "trace to make, a `FILE`")
	f.StringArrayVar(&o.Routes, "route", nil,
		"flight plan `FILE`; may be repeated: one flight after another")
	f.StringArrayVar(&o.Scenery, "scenery", nil,
		"scenery package `DIR` whose terrain names the textures; may be repeated")
	f.Uint8Var(&o.Zoom, "zoom", 16, "zoom level `ZL` of the textures without --scenery")
	f.StringVar(&o.Maptype, "maptype", "BI",
		"maptype `CODE` in the names of textures without --scenery")
	f.Float64Var(&o.Knots, "knots", 250, "speed over ground")
	f.Uint64Var(&o.Seed, "seed", 0, "`NUMBER` that chooses the distances at which cells are loaded")
	f.DurationVar(&o.Limit, "limit", 0,
		"end each flight after this long (default at its destination)")
	return cmd
}

func runTraceSynth(ctx context.Context, o synthOptions, stderr io.Writer) (err error) {
	switch {
	case o.Output == "":
		return usageErrorf("no output file: give -o FILE")
	case len(o.Routes) == 0:
		return usageErrorf("no route: give --route FILE")
	case !(o.Knots > 0 && o.Knots < 3000):
		return usageErrorf("--knots %v: must be positive", o.Knots)
	case o.Limit < 0:
		return usageErrorf("--limit %v: must be positive", o.Limit)
	}
	if len(o.Scenery) > 0 {
		o.Maptype = ""
	}
	o.Detail, o.PixelAngle = "full", tiles.DefaultPixelAngle
	if err := o.Validate(); err != nil {
		return err
	}
	g, err := o.Ground(notes(stderr))
	if err != nil {
		return err
	}
	packages, err := plan.OpenScenery(ctx, o.Scenery, nil, notes(stderr))
	if err != nil {
		return err
	}
	s, err := o.Resolve(ctx, g, packages, o.Maptype)
	if err != nil {
		return err
	}
	var textures []tiles.Texture
	for _, it := range s.Items {
		textures = append(textures, it.Texture)
	}
	var flights []trace.Synth
	for _, path := range s.Paths {
		flights = append(flights,
			trace.Synth{Path: path, Textures: textures, Speed: o.Knots * 1852 / 3600, Seed: o.Seed,
				Limit: o.Limit})
	}
	file, n, err := trace.CreateSynth(ctx, o.Output, flights)
	if err == nil {
		fmt.Fprintf(stderr, "%s: %s\n", file, units.Plural(n, "event"))
	}
	return err
}
