package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
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
	return report.Write(stdout, asJSON, s, s.WriteText)
}

func newTraceSynthCommand() *cobra.Command {
	var o plan.SynthOptions
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
			o.Note = notes(cmd.ErrOrStderr())
			file, n, err := plan.Synth(cmd.Context(), o)
			if err == nil {
				o.Note(fmt.Sprintf("%s: %s", file, units.Plural(n, "event")))
			}
			return err
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
