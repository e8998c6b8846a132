package main

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/report"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	replay.Options
	JSON bool
}

func newReplayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay TRACE MOUNTPOINT",
		Short: "Repeat a simulator's requests on a mount",
		Long: `Opens and reads the textures of a trace at MOUNTPOINT as on the flight, and reports how
long the mount took: the distribution for opens and for reads, what was missing, and what
was late. Textures are dropped from the kernel's page cache after use, so that the mount
answers each time.

Missing names are counted and listed; they are not failures. Reads that fail or are short
are: exit code 1.`,
		Example: `  xelpack replay flight.trace "Custom Scenery/zzXEL_eur_ortho"
  xelpack replay flight.trace /mnt/flight --speed 10 --json
  xelpack replay flight.trace /mnt/flight --speed 0     (as fast as it goes)`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runReplay(cmd.Context(), o, args[0], args[1], cmd.OutOrStdout(),
				cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.Float64Var(&o.Speed, "speed", 1, "multiple of the flight's speed; 0: without waiting")
	f.IntVar(&o.AtOnce, "at-once", 64, "textures in use at once")
	f.BoolVar(&o.KeepCache, "keep-cache", false, "leave textures in the kernel's page cache")
	f.DurationVar(&o.Limit, "limit", 0, "replay only this much of the trace")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	return cmd
}

func runReplay(ctx context.Context, o replayOptions, file, mountpoint string, stdout,
	stderr io.Writer) error {
	if err := o.Validate(); err != nil {
		return err
	}
	line := &progress.Bar{}
	o.Begin = func(p *replay.Progress) {
		total, look := p.Show(o.Speed)
		line = progress.Watch(stderr, total, look)
	}
	flown, err := replay.File(ctx, file, mountpoint, o.Options, notes(stderr))
	line.Close()
	if err != nil && flown.Opens == 0 {
		return err
	}
	return cmp.Or(report.Write(stdout, o.JSON, flown, flown.WriteText), err, flown.Err())
}
