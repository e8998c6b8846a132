package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/replay"
	"github.com/xelpack/xelpack/internal/trace"
	"github.com/xelpack/xelpack/internal/units"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	Speed     float64
	AtOnce    int
	KeepCache bool
	Limit     time.Duration
	JSON      bool
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
	switch {
	case !(o.Speed >= 0):
		return usageErrorf("--speed %v: must not be negative", o.Speed)
	case o.AtOnce < 1:
		return usageErrorf("--at-once %d: must be positive", o.AtOnce)
	case o.Limit < 0:
		return usageErrorf("--limit %v: must be positive", o.Limit)
	}
	var report replay.Report
	var runErr error
	err := trace.Use(file, notes(stderr), func(r *trace.Reader) {
		line := &progress.Bar{}
		report, runErr = replay.Run(ctx, r.Events(), mountpoint, replay.Options{
			Speed: o.Speed, AtOnce: o.AtOnce, KeepCache: o.KeepCache, Limit: o.Limit,
			Begin: func(p *replay.Progress) { line = showReplay(stderr, o.Speed, p) },
		})
		line.Close()
	})
	if err != nil {
		return err
	}
	if runErr != nil && report.Opens == 0 {
		return runErr
	}
	if o.JSON {
		err = json.NewEncoder(stdout).Encode(report)
	} else {
		err = report.WriteText(stdout)
	}
	switch {
	case err != nil:
		return err
	case runErr != nil:
		return runErr
	case report.Failed > 0:
		return fmt.Errorf("replay: %s: %s", units.Plural(report.Failed, "request that failed"),
			strings.Join(report.Errors, "; "))
	}
	return nil
}

// showReplay shows the progress of a replay. With a speed, the flight's time advances evenly;
// without waiting, the number of opens does.
func showReplay(stderr io.Writer, speed float64, p *replay.Progress) *progress.Bar {
	_, opens := p.Opens()
	total, start := int64(opens), time.Now()
	if _, end := p.Flight(); speed > 0 {
		total = int64(end)
	}
	return progress.Watch(stderr, max(1, total), func() (int64, []string) {
		begun, _ := p.Opens()
		at, end := p.Flight()
		done := int64(begun)
		if speed > 0 {
			done = int64(at)
		}
		return done, []string{
			fmt.Sprintf("%s of %s of flight", units.Duration(at), units.Duration(end)),
			fmt.Sprintf("%s of %s", units.Count(begun), units.Plural(opens, "open")),
			fmt.Sprintf("%.0f/s", float64(begun)/max(time.Since(start).Seconds(), 0.1)),
		}
	})
}
