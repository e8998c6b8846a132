package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// buildOptions are the flags of build.
type buildOptions struct {
	planOptions
	observeOptions
	Output   string
	DryRun   bool
	Retries  int
	Timeout  time.Duration
	Patience time.Duration

	retryMissing bool               // repair's
	damaged      bool               // likewise
	archived     []tiles.Item       // likewise: what the archive holds
	distrusted   map[tiles.Key]bool // what is, once the archive is verified
	watch        *watcher
}

func newBuildCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "build -o FILE.mbtiles",
		Short: "Fetch, encode and pack textures into an archive",
		Long: `Fetches the imagery of a selection, encodes it as DDS textures and packs them into one archive. Work goes on in FILE.mbtiles.part until it is
finished. A build that was interrupted, or even killed, goes on where it stopped when the same command is run again; so does one that left holes.`,
		Example: `  xelpack build --route flight.geojson --scenery ~/scenery/zzXEL_eur_ortho -o flight.mbtiles
  xelpack build --bbox 5.5,43,7.5,44.5 --provider eox --zoom 14 -o riviera.mbtiles
  xelpack build --bbox 7.1,43.6,7.3,43.7 --provider sample -o try.mbtiles     (invented imagery, no network)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBuild(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Output, "output", "o", "", "archive to build, a `FILE` that ends in .mbtiles")
	o.selectionOptions.register(f)
	registerImagery(f, &o.imagery)
	o.registerWork(f)
	f.BoolVar(&o.DryRun, "dry-run", false, "only say what would be built")
	return cmd
}

// registerWork registers the flags about how the work is done, which repair shares.
func (o *buildOptions) registerWork(f *pflag.FlagSet) {
	o.packOptions.register(f)
	f.IntVar(&o.Retries, "retries", 6, "how often a chunk is asked for again before it is a hole; less often while that helps none")
	f.DurationVar(&o.Timeout, "timeout", 20*time.Second, "deadline of one attempt at a chunk")
	f.DurationVar(&o.Patience, "patience", 10*time.Minute, "how long to wait for a provider that has stopped answering")
	f.BoolVar(&o.JSON, "json", false, "print the report as JSON")
	o.observeOptions.register(f, "warn") // what is made good again would be lines beside the bar
}

func runBuild(ctx context.Context, o buildOptions, stdout, stderr io.Writer) error {
	encoding, err := o.packOptions.parse()
	if err != nil {
		return err
	}
	switch {
	case o.DryRun:
		return runPlan(ctx, o.planOptions, o.Output, stdout, stderr)
	case o.selectionOptions.validate() != nil:
		return o.selectionOptions.validate()
	case o.Output == "":
		return usageErrorf("no output file: give -o FILE.mbtiles")
	case o.Retries < 0:
		return usageErrorf("--retries %d: want 0 or more", o.Retries)
	case o.Timeout <= 0:
		return usageErrorf("--timeout %v must be positive", o.Timeout)
	case o.Patience <= 0:
		return usageErrorf("--patience %v: want a positive time, such as 10m", o.Patience)
	}
	if o.Output, err = outputFile(o.Output); err != nil {
		return err
	}
	if o.watch, err = o.observeOptions.start(ctx, "build", stderr); err != nil {
		return err
	}
	defer o.watch.close()
	plan, err := makePlan(ctx, o.planOptions, o.Output, stderr)
	if err != nil {
		return err
	}
	o.watch.draw(plan.planMap(o.selectionOptions))
	report, err := buildPlan(ctx, o, plan, encoding, stdout, stderr)
	if report == nil {
		return err
	}
	o.watch.finished(report.Report)
	if errReport := report.write(o, stdout); err == nil {
		err = errReport
	}
	if err == nil && report.State == pack.StateHoles {
		return fmt.Errorf("%s: %w: %s%s", o.Output, errHoles, units.Holes(report.Holes, report.FailedChunks), worstCause(report.Report))
	}
	return err
}

// buildPlan builds, or finds that there is nothing to build. The report is nil if it did not come
// to building.
func buildPlan(ctx context.Context, o buildOptions, plan plan, encoding estimate.Options, stdout, stderr io.Writer) (*buildReport, error) {
	if len(plan.Items) == 0 {
		return nil, errors.New("nothing to build: the scenery holds every selected texture as a real file")
	}
	if err := enoughDisk(o.Output, plan.Estimate.growth); err != nil {
		return nil, err // before anything is made that would be left behind
	}
	before := plannedBefore(ctx, o.Output)
	writer, todo, err := openOutput(ctx, o, plan)
	if err != nil && writer == nil {
		return nil, err
	}
	if writer == nil {
		report := pack.Report{State: pack.StateComplete, Textures: len(plan.Items), Skipped: len(plan.Items)}
		return &buildReport{report, plan.Notes}, nil
	}
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	if !o.JSON {
		if err := plan.print(stdout); err != nil {
			return nil, errors.Join(err, writer.Close())
		}
	}
	if !plan.Provider.Redistributable() {
		fmt.Fprintf(stderr, "do not pass the archive on: the licence of %s does not allow it (%s)\n", plan.Provider.ID, plan.Provider.Licence)
	}

	job := pack.Job{Items: plan.Items, Provider: plan.Provider.ID, Meta: metadata(o, plan, before)}
	report, err := o.run(ctx, plan.Provider, writer, job, pack.Options{Quality: encoding.Quality, Compression: encoding.Compression}, todo, stderr)
	return &buildReport{report, plan.Notes}, err
}

// run lets the pipeline do a job of build or repair, with a bar over what is to be done.
func (o buildOptions) run(ctx context.Context, p fetch.Provider, writer *mbtiles.Writer, job pack.Job, po pack.Options, todo []tiles.Item, stderr io.Writer) (pack.Report, error) {
	from := o.imagery
	from.UntilWhole, from.AskMissing = true, o.retryMissing
	run := o.newRun(p, po.Compression)
	source, err := from.Open(ctx, p, fetch.ClientOptions{
		Retries: retries(o.Retries), Timeout: o.Timeout, Patience: o.Patience, OnOutage: o.onOutage(stderr),
		Observer: &run.answers,
	}, notes(stderr))
	if err != nil {
		return pack.Report{}, errors.Join(err, writer.Close())
	}
	defer source.Close()
	source.Client.Candidates(p, pack.Candidates(writer.Has, o.known(job), p.MaxZL)...)
	boundBuild(job.Items, p.MaxZL, po.Compression)
	po.Source, po.MaxZL, po.Observer = source, p.MaxZL, o.watch.making()
	pipeline := pack.New(po)
	defer func() { _ = pipeline.Close() }()
	o.watch.planned(job.Items, todo)
	o.watch.Client.Store(source.Client)
	o.watch.Pipeline.Store(pipeline)
	o.watch.Writer.Store(writer)

	job.Client = source.Client
	chunks := 0
	for _, it := range todo {
		chunks += it.ChunkCount()
	}
	bar := progress.New(stderr, chunks, len(todo), func() progress.State {
		return progress.State{Chunks: pipeline.Counts.Done(), Textures: pipeline.Counts.Textures.Load(), Bytes: source.Client.Stats().BytesDownloaded}
	}, o.logProgress(stderr))
	defer bar.Close()
	seen := run.watch(pipeline)
	report, err := pack.Build(ctx, pipeline, writer, job)
	seen()
	o.watch.logCauses(report)
	if errRun := run.remember(o.Output, report, todo); errRun != nil {
		words.Fprintf(stderr, "what this build came to is not remembered for the next plan: %v\n", errRun)
	}
	return report, err
}

// known returns the textures of which some may be known to come: the plan's, or a repair's whole
// archive.
func (o buildOptions) known(job pack.Job) []tiles.Item {
	if len(o.archived) > 0 {
		return o.archived
	}
	return job.Items
}

// openOutput opens the archive to write to and returns what of the plan it lacks. The writer is nil
// if there is nothing to do, or nothing to be done for an error.
func openOutput(ctx context.Context, o buildOptions, plan plan) (*mbtiles.Writer, []tiles.Item, error) {
	options := mbtiles.WriterOptions{QueueBytes: writerQueue}
	writer, err := mbtiles.Create(ctx, o.Output, options)
	if errors.Is(err, mbtiles.ErrExists) {
		var todo []tiles.Item
		err = withArchive(ctx, o.Output, func(a *mbtiles.Archive) error {
			todo, err = pack.Todo(records(ctx, a), plan.Items, plan.Provider.ID)
			return err
		})
		if err != nil || len(todo) == 0 {
			return nil, nil, err
		}
		options.Extend = true
		writer, err = mbtiles.Create(ctx, o.Output, options)
	}
	if err != nil {
		return nil, nil, err
	}
	todo, err := pack.Todo(writer.Has, plan.Items, plan.Provider.ID)
	return writer, todo, err
}

// writerQueue bounds the contents that wait to be written: three of the largest.
const writerQueue = 32 << 20

// records looks textures up in a finished archive.
func records(ctx context.Context, a *mbtiles.Archive) func(tiles.Key) (mbtiles.Record, bool) {
	return func(k tiles.Key) (mbtiles.Record, bool) {
		e, ok := a.Lookup(k)
		if !ok {
			return mbtiles.Record{}, false
		}
		// A record that cannot be read is one to build again.
		r, err := a.Record(ctx, e)
		return r, err == nil
	}
}

// retries translates "none" for the client, whose zero means its default.
func retries(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// outputFile finds out before any work whether the archive has a place to be, and returns where:
// what file leads to if it is a link.
func outputFile(file string) (string, error) {
	real, err := realpath.Of(file)
	if err != nil {
		return "", fmt.Errorf("-o %s: %w", file, err)
	}
	dir := filepath.Dir(real)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("-o %s: the folder %s does not exist: make it first (%s)", file, dir, shellescape.QuoteCommand([]string{"mkdir", "-p", dir}))
	case err != nil:
		return "", fmt.Errorf("-o %s: %w", file, err)
	case !info.IsDir():
		return "", fmt.Errorf("-o %s: %s is not a folder", file, dir)
	}
	return real, nil
}

// metadata are the rows about the build that travel in the archive, which was built for something
// before if it is extended.
func metadata(o buildOptions, p plan, before planned) map[string]string {
	planned, _ := json.Marshal(newPlanned(o.selectionOptions, p, before, time.Now())) // cannot fail: numbers and names only
	name := filepath.Base(o.Output)
	return map[string]string{
		"name":                    name[:len(name)-len(filepath.Ext(name))],
		"attribution":             p.Provider.Attribution,
		keyPlan:                   string(planned),
		"xelpack:providers":       p.Provider.ID,
		"xelpack:licence":         p.Provider.Licence,
		"xelpack:redistributable": strconv.FormatBool(p.Provider.Redistributable()),
		"xelpack:encoder":         version.Program() + " " + o.Quality,
		"xelpack:jpeg_decoder":    dds.Decoder(),
	}
}

// buildReport prints what a build did.
type buildReport struct {
	pack.Report
	Notes []string `json:"notes,omitempty"` // as of its plan
}

func (r *buildReport) write(o buildOptions, w io.Writer) error {
	if o.JSON {
		return json.NewEncoder(w).Encode(r)
	}
	elapsed := time.Duration(r.ElapsedSeconds * float64(time.Second))
	stored := units.Bytes(r.BytesStored) + " stored"
	if info, err := os.Stat(o.Output); err == nil && r.State != pack.StateInterrupted {
		stored += " in an archive of " + units.Bytes(info.Size()) // with previews, and what was there before
	}
	_, err := fmt.Fprintf(w, "%s: %s: built %s of %s (%s there already), chunks: %s ok, %s without imagery, %s failed\n%s, %s again, %s downloaded, %s, in %s\n",
		o.Output, r.State, units.Count(r.Built), units.Plural(r.Textures, "texture"), units.Count(r.Skipped),
		units.Count(r.Chunks.OK), units.Count(r.Chunks.NoImagery), units.Count(r.Chunks.Failed),
		units.Plural(r.Requests, "request"), units.Count(r.Retries), units.Bytes(r.BytesDownloaded), stored, units.Duration(elapsed))
	if err == nil && r.Holes > 0 {
		_, err = fmt.Fprintf(w, "holes: %s\n", units.Holes(r.Holes, r.FailedChunks))
	}
	for _, c := range r.Causes {
		if err == nil {
			_, err = fmt.Fprintf(w, "%s: %s\n  for example %s\n", units.Plural(c.Count, "failed chunk"), words.Plain(c.Cause), words.Plain(c.Example))
		}
	}
	return err
}
