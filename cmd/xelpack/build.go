package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/build"
	"github.com/xelpack/xelpack/internal/farm"
	"github.com/xelpack/xelpack/internal/look"
	"github.com/xelpack/xelpack/internal/observe/watch"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/report"
	"github.com/xelpack/xelpack/internal/usage"
)

// buildOptions are the flags of build.
type buildOptions struct {
	planOptions
	workFlags
	Farm   farmFlags
	DryRun bool
}

// workFlags are the flags about how the work is done, shared by build and repair.
type workFlags struct {
	build.Options
	observeOptions
	looks look.Options // that textures keep, with bake
	bake  bool
}

func (o *workFlags) register(f *pflag.FlagSet) {
	f.IntVar(&o.Retries, "retries", 6,
		"retries of a chunk before it counts as failed; fewer while retries do not help")
	f.DurationVar(&o.Timeout, "timeout", 20*time.Second, "deadline of one attempt at a chunk")
	f.BoolVar(&o.Fallback, "fallback", false,
		"in a mosaic: use the next source where one fails, and count no hole")
	f.DurationVar(&o.Patience, "patience", 10*time.Minute,
		"how long to wait for a provider that has stopped answering")
	o.registerBake(f)
	o.observeOptions.register(f, "warn") // retried failures would be lines beside the bar
}

func newBuildCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "build -o FILE.mbtiles",
		Short: "Fetch, encode and pack textures into an archive",
		Long: `Fetches the imagery of a selection, encodes it as DDS textures and packs them into one
archive. The archive is FILE.mbtiles.part until it is finished. A build that was
interrupted or killed continues when the same command is run again; one that left holes
fetches them again.`,
		Example: `  xelpack build --route flight.geojson --scenery ~/scenery/zzXEL_eur_ortho -o flight.mbtiles
  xelpack build --bbox 5.5,43,7.5,44.5 --provider eox --zoom 14 -o riviera.mbtiles
  xelpack build --route latest --season 01-15 --bake-look -o winter.mbtiles
  xelpack build --bbox 7.1,43.6,7.3,43.7 --provider sample -o try.mbtiles     (invented imagery, no network)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBuild(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "", "archive to build, a `FILE` ending in .mbtiles")
	registerSelection(f, &o.Selection)
	registerImagery(f, &o.Imagery)
	o.making.register(f)
	o.workFlags.register(f)
	o.Farm.register(f)
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	f.BoolVar(&o.DryRun, "dry-run", false, "only print what would be built")
	return cmd
}

func runBuild(ctx context.Context, o buildOptions, stdout, stderr io.Writer) error {
	if _, err := o.making.parse(); err != nil {
		return err
	}
	if err := o.bakeLook(stderr); err != nil {
		return err
	}
	if o.DryRun {
		return runPlan(ctx, o.planOptions, stdout, stderr)
	}
	if err := o.Selection.Validate(); err != nil {
		return err
	}
	if o.Output == "" {
		return usage.Errorf("no output file: give -o FILE.mbtiles")
	}
	if err := o.workFlags.Validate(); err != nil {
		return err
	}
	if err := o.Farm.parse(); err != nil {
		return err
	}
	var err error
	if o.Output, err = build.OutputFile(o.Output); err != nil {
		return err
	}
	watcher, err := o.observeOptions.start(ctx, "build", stderr)
	if err != nil {
		return err
	}
	defer watcher.Close()
	p, err := o.planOptions.make(ctx, stderr)
	if err != nil {
		return err
	}
	watcher.Draw(p.Map())
	options := o.workFlags.options(watcher, stderr)
	if o.Farm.Server.URL != "" {
		f, err := farm.New(p, options, o.Farm.Options)
		if err != nil {
			return err
		}
		options.Make = f.Make
		watcher.Farm.Store(f)
	}
	b, err := build.Open(ctx, p, options)
	if err != nil {
		return err
	}
	if !b.Done() && !o.JSON {
		if err := p.WriteText(stdout); err != nil {
			return errors.Join(err, b.Close())
		}
	}
	done, err := b.Run(ctx)
	return conclude(watcher, o.Output, o.JSON, buildReport{done, p.Notes}, err, stdout)
}

// options are the options of the flags, with a progress bar.
func (o workFlags) options(w *watch.Watcher, stderr io.Writer) build.Options {
	o.Note, o.OnOutage, o.Observer = notes(stderr), o.onOutage(w, stderr), w.Making()
	o.Begin = func(r build.Running) (end func(pack.Report)) {
		process.BoundMemory(r.Memory)
		w.Begin(r.Items, r.Todo, r.Client, r.Pipeline, r.Writer)
		chunks := 0
		for _, it := range r.Todo {
			chunks += it.ChunkCount()
		}
		bar := progress.New(stderr, chunks, len(r.Todo), func() progress.State {
			if r.Pipeline == nil {
				return w.Farm.Load().Progress()
			}
			return progress.State{Chunks: r.Pipeline.Counts.Done(),
				Textures: r.Pipeline.Counts.Textures.Load(),
				Bytes:    r.Client.Stats().BytesDownloaded}
		}, o.logProgress(stderr))
		return func(report pack.Report) {
			w.LogCauses(report)
			bar.Close()
		}
	}
	return o.Options
}

// conclude prints the result of a build or a repair of file.
func conclude(w *watch.Watcher, file string, asJSON bool, r buildReport, err error,
	stdout io.Writer) error {
	if r.State == "" {
		return err
	}
	w.Finished(r.Report)
	errReport := report.Write(stdout, asJSON, r, func(out io.Writer) error {
		return build.WriteReport(out, file, r.Report)
	})
	return cmp.Or(err, errReport, build.Holes(file, r.Report))
}

// buildReport is the result of a build as printed.
type buildReport struct {
	pack.Report
	Notes []string `json:"notes,omitempty"` // as in its plan
}
