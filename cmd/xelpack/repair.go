package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/progress"
	"github.com/xelpack/xelpack/internal/units"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

func newRepairCommand() *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "repair ARCHIVE",
		Short: "Fetch again what an archive could not get",
		Long: `Builds the textures with failed chunks again, from the provider that they were built from, on a copy that replaces the archive when it is finished. Where the
provider has no imagery there is no hole: --retry-missing asks again there too. What comes back worse than it was is not kept. With --damaged the archive is
verified first, and the textures that suffered damage are built again as well: of one that was cut short too, as long as its list of textures is left.`,
		Example: `  xelpack repair flight.mbtiles
  xelpack repair flight.mbtiles --damaged
  xelpack repair flight.mbtiles --retry-missing --provider eox`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Output = args[0]
			return runRepair(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	registerImagery(f, &o.imagery)
	f.Lookup("provider").Usage = "imagery from another provider, by `ID`, URL template, mbtiles:FILE or FILE.lay; auto is what the archive was built from"
	explicit(f, "provider") // a default of builds would be another than the archive's
	f.BoolVar(&o.retryMissing, "retry-missing", false, "also ask again where the provider had no imagery")
	f.BoolVar(&o.damaged, "damaged", false, "verify every texture first, and fetch those again that are damaged")
	o.registerWork(f)
	return cmd
}

func runRepair(ctx context.Context, o buildOptions, stdout, stderr io.Writer) error {
	encoding, err := o.packOptions.parse()
	if err != nil {
		return err
	}
	switch {
	case o.Retries < 0 || o.Timeout <= 0 || o.Patience <= 0:
		return usageErrorf("--retries, --timeout and --patience must be positive")
	}
	if err := o.imagery.Validate(); err != nil {
		return err
	}
	if o.watch, err = o.observeOptions.start(ctx, "repair", stderr); err != nil {
		return err
	}
	defer o.watch.close()
	var broken map[string][]tiles.Item
	total := 0
	salvaged := false
	if err := withOpened(ctx, o.Output, mbtiles.ReaderOptions{Remains: o.damaged}, func(a *mbtiles.Archive) error {
		if err := a.NoPatch(); err != nil {
			return err
		}
		total = a.Len()
		if o.damaged {
			if salvaged, o.distrusted, err = salvage(ctx, a, stderr); err != nil {
				return err
			}
		}
		for e := range a.All() {
			o.archived = append(o.archived, tiles.Item{Texture: e.Texture})
		}
		broken, err = holes(ctx, a, func(r mbtiles.Record) bool {
			return r.Failed > 0 || o.retryMissing && r.Missing > 0 || o.distrusted[r.Key()]
		})
		return err
	}); err != nil {
		return err
	}
	if salvaged && len(broken) == 0 {
		if err := finishSalvaged(ctx, o.Output); err != nil {
			return err
		}
	}
	report := pack.Report{State: pack.StateComplete, Textures: total, Skipped: total}
	for i, id := range slices.Sorted(maps.Keys(broken)) {
		// What was damaged is known from the old archive only: that stays until all is made good.
		partial := salvaged && i+1 < len(broken)
		one, err := repairFrom(ctx, o, id, broken[id], partial, pack.Options{Quality: encoding.Quality, Compression: encoding.Compression}, stderr)
		if err != nil && i == 0 && one.State == "" {
			return err // nothing was begun
		}
		report.Add(one)
		report.Skipped -= one.Built
		if one.State == pack.StateHoles {
			report.State = one.State
		}
		if err != nil {
			report.State = pack.StateInterrupted
			return errors.Join(err, (&buildReport{Report: report}).write(o, stdout))
		}
	}
	o.watch.finished(report)
	if err := (&buildReport{Report: report}).write(o, stdout); err != nil {
		return err
	}
	if report.State == pack.StateHoles {
		return fmt.Errorf("%s: %w: %s%s", o.Output, errHoles, units.Holes(report.Holes, report.FailedChunks), worstCause(report))
	}
	return nil
}

// salvage verifies the archive. If it is damaged, what passes is put aside for the repair to go on
// with, and the textures that do not pass are returned.
func salvage(ctx context.Context, a *mbtiles.Archive, stderr io.Writer) (damaged bool, distrusted map[tiles.Key]bool, err error) {
	meter := progress.NewMeter(stderr, "verify")
	report, err := a.Verify(ctx, mbtiles.VerifyOptions{Progress: meter.Set})
	meter.Close()
	if err != nil || report.OK {
		return false, nil, err
	}
	distrusted = make(map[tiles.Key]bool)
	for _, p := range report.Problems {
		if t, err := tiles.ParseName(p.Texture); err == nil {
			distrusted[t.Key()] = true
		}
	}
	meter = progress.NewMeter(stderr, "keep what is whole")
	defer meter.Close()
	keep := func(e mbtiles.Entry) bool { return !distrusted[e.Texture.Key()] }
	return true, distrusted, a.Salvage(ctx, keep, mbtiles.CopyOptions{Quick: true, Progress: meter.Set}) // they have passed
}

// finishSalvaged replaces an archive of which no texture has to be built again by what was salvaged
// of it.
func finishSalvaged(ctx context.Context, file string) error {
	w, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{Extend: true})
	if err != nil {
		return err
	}
	return errors.Join(w.Finish(ctx, nil), w.Close())
}

// holes returns the textures to build again, by the provider that they are from.
func holes(ctx context.Context, a *mbtiles.Archive, again func(mbtiles.Record) bool) (map[string][]tiles.Item, error) {
	found := map[string][]tiles.Item{}
	for e := range a.All() {
		r, err := a.Record(ctx, e)
		if err != nil {
			return nil, err
		}
		if again(r) {
			found[r.Provider] = append(found[r.Provider], tiles.Item{Texture: r.Texture, Detail: r.Detail})
		}
	}
	return found, nil
}

// repairFrom builds items again that came from the provider named id.
func repairFrom(ctx context.Context, o buildOptions, id string, items []tiles.Item, partial bool, po pack.Options, stderr io.Writer) (pack.Report, error) {
	if o.imagery.Provider == imagery.Auto {
		o.imagery.Provider = id
	}
	p, err := o.imagery.Lookup(namedBy(nil, nil), notes(stderr))
	if err != nil {
		return pack.Report{}, fmt.Errorf("%w (the textures are from %s: name its template or file with --provider)", err, id)
	}
	writer, err := mbtiles.Create(ctx, o.Output, mbtiles.WriterOptions{QueueBytes: writerQueue, Extend: true})
	if err != nil {
		return pack.Report{}, err
	}
	// A repair that was interrupted has mended some already.
	todo := slices.DeleteFunc(slices.Clone(items), func(it tiles.Item) bool {
		r, ok := writer.Has(it.Key())
		return ok && r.Failed == 0 && (!o.retryMissing || r.Missing == 0) && !o.distrusted[it.Key()]
	})
	if len(o.distrusted) > 0 {
		if err := writer.Damaged(ctx, slices.Collect(maps.Keys(o.distrusted))...); err != nil {
			return pack.Report{}, errors.Join(err, writer.Close())
		}
	}
	job := pack.Job{Items: todo, Provider: p.ID, Again: true, Partial: partial, Meta: map[string]string{
		"xelpack:encoder": version.Program() + " " + o.Quality, "xelpack:jpeg_decoder": dds.Decoder(),
	}}
	if p.ID != id { // the archive is of both now
		job.Meta["xelpack:providers"] = id + "," + p.ID
		job.Meta["xelpack:licence"] = "of several providers: see those of " + id + " and " + p.ID
		if !p.Redistributable() {
			job.Meta["xelpack:redistributable"] = strconv.FormatBool(false)
		}
	}
	report, err := o.run(ctx, p, writer, job, po, todo, stderr)
	if err != nil {
		return report, fmt.Errorf("repair %s: %w", filepath.Base(o.Output), err)
	}
	return report, nil
}
