package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/version"
)

// benchOptions are the flags of bench.
type benchOptions struct {
	measure.Options
	Bandwidth float64 // Mbit/s
	JSON      bool
	Output    string
}

func newBenchCommand() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench encode|fetch|archive|mount|all",
		Short: "Measure xelpack on this machine",
		Long: `Measures in rounds: encode (chunks to textures, textures to segments), fetch (from a
server of its own, with the given latency, bandwidth and faults), archive (written and
read) and mount (a simulator's reads, from a mount without observers and, in turn, from
one with metrics and a trace). No network is used.

"bench compare BEFORE.json AFTER.json" compares two measurements and says whether a
difference can be chance.`,
		Example: `  xelpack bench all -o before.json
  xelpack bench fetch --latency 40ms --bandwidth 100 --faults 0.05
  xelpack bench compare before.json after.json`,
		ValidArgs: append(measure.Names(measure.Suites), "all"),
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runBench(cmd.Context(), o, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Rounds, "rounds", 6, "number of rounds; below 6 there is no confidence interval")
	f.IntVar(&o.Textures, "textures", 8, "textures in each round of encode, archive and mount")
	f.IntVar(&o.Chunks, "chunks", 2000, "chunks in each round of fetch")
	f.DurationVar(&o.Latency, "latency", 40*time.Millisecond, "latency of fetch's server")
	f.Float64Var(&o.Bandwidth, "bandwidth", 0,
		"bandwidth latency of fetch's server in Mbit/s (default no limit)")
	f.Float64Var(&o.Faults, "faults", 0,
		"share of chunks that fetch's server answers wrongly at first, such as 0.05")
	f.IntVar(&o.Concurrency, "concurrency", 0,
		"requests in flight at once (default 16 per processor)")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	f.StringVarP(&o.Output, "output", "o", "", "write the report as JSON to `FILE`, for compare")
	cmd.AddCommand(newBenchCompareCommand())
	return cmd
}

func runBench(ctx context.Context, o benchOptions, what string, stdout, stderr io.Writer) error {
	mo := o.Options
	mo.Bandwidth, mo.Say = o.Bandwidth*1e6/8, notes(stderr)
	if what != "all" {
		mo.Suites = []string{what}
	}
	err := mo.Validate()
	if err != nil {
		return err
	}
	if mo.Program, err = os.Executable(); err != nil {
		return err
	}
	measured, err := measure.Run(ctx, version.Program(), measure.Suites, mo)
	if err != nil {
		return err
	}
	if o.Output != "" {
		if err := measured.WriteFile(o.Output); err != nil {
			return fmt.Errorf("-o: %w", err)
		}
	}
	return report.Write(stdout, o.JSON, measured, measured.WriteText)
}

func newBenchCompareCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "compare BEFORE.json AFTER.json",
		Short: "Compare two measurements",
		Long: `Compares the figures that two reports of "bench -o" have in common: medians, 95 %
confidence intervals, and the probability that chance alone makes such a difference
(Mann-Whitney). Below one in twenty the verdict is "better" or "worse". The exit code is 0
in either case.`,
		Example: `  xelpack bench all -o before.json; git switch faster; xelpack bench all -o after.json; xelpack bench compare before.json after.json`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runBenchCompare(args[0], args[1], asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the comparison as JSON")
	return cmd
}

func runBenchCompare(before, after string, asJSON bool, stdout, stderr io.Writer) error {
	rows, err := measure.CompareFiles(before, after, notes(stderr))
	if err != nil {
		return err
	}
	return report.Write(stdout, asJSON, rows, func(w io.Writer) error {
		return measure.WriteRows(w, rows)
	})
}
