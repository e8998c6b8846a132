package build

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// RepairOptions say what is to be repaired, and how.
type RepairOptions struct {
	Options
	Archive      string
	Imagery      imagery.Options // imagery.Auto: the provider that the textures are from
	Making       estimate.Options
	RetryMissing bool // also ask again where the provider had no imagery
	Damaged      bool // verify first, and build damaged textures again
	// Chosen, if set, are the textures that are built again in place of those with failed chunks:
	// to be replaced by other imagery.
	Chosen map[tiles.Key]bool
	// Meter, if set, shows the progress of a long step.
	Meter func(what string) (set func(done, total int64), end func())
}

func (o RepairOptions) meter(what string) (set func(done, total int64), end func()) {
	if o.Meter == nil {
		return func(int64, int64) {}, func() {}
	}
	return o.Meter(what)
}

// repair is an archive to be repaired.
type repair struct {
	RepairOptions
	archived   []tiles.Item            // all its textures
	distrusted map[tiles.Key]bool      // textures that fail verification
	broken     map[string][]tiles.Item // textures to be built again, by provider
	// undamaged textures were copied for the repair to continue with
	salvaged bool
}

// Repair builds the textures of an archive with failed chunks again, on a copy that replaces the
// archive when it is finished. The report has no state if building did not start.
func Repair(ctx context.Context, o RepairOptions) (pack.Report, error) {
	if err := o.Validate(); err != nil {
		return pack.Report{}, err
	}
	if err := o.Imagery.Validate(); err != nil {
		return pack.Report{}, err
	}
	r := &repair{RepairOptions: o}
	if err := r.examine(ctx); err != nil {
		return pack.Report{}, err
	}
	if r.salvaged && len(r.broken) == 0 {
		if err := finishSalvaged(ctx, o.Archive, o.LookName); err != nil {
			return pack.Report{}, err
		}
	}
	report := pack.Report{State: pack.StateComplete, Textures: len(r.archived),
		Skipped: len(r.archived)}
	for i, id := range slices.Sorted(maps.Keys(r.broken)) {
		// Only the old archive shows what was damaged: it stays until everything is repaired.
		partial := r.salvaged && i+1 < len(r.broken)
		one, err := r.from(ctx, id, partial)
		if err != nil && i == 0 && one.State == "" {
			return one, err // nothing was started
		}
		report.Add(one)
		report.Skipped -= one.Built
		if one.State == pack.StateHoles {
			report.State = one.State
		}
		if err != nil {
			report.State = pack.StateInterrupted
			return report, err
		}
	}
	return report, nil
}

// examine determines the archive's content and what is to be built again.
func (r *repair) examine(ctx context.Context) (err error) {
	a, err := mbtiles.OpenWith(ctx, r.Archive, mbtiles.ReaderOptions{Remains: r.Damaged})
	if err != nil {
		return err
	}
	defer func() {
		if errClose := a.Close(); err == nil {
			err = errClose
		}
	}()
	if err := errors.Join(a.NoPatch(), a.HasLook(ctx, r.LookName)); err != nil {
		return err
	}
	if r.Damaged {
		if err := r.salvage(ctx, a); err != nil {
			return err
		}
	}
	r.broken = make(map[string][]tiles.Item)
	for e := range a.All() {
		r.archived = append(r.archived, tiles.Item{Texture: e.Texture})
		had, err := a.Record(ctx, e)
		if err != nil {
			return err
		}
		if r.again(had) {
			r.broken[had.Provider] = append(r.broken[had.Provider],
				tiles.Item{Texture: had.Texture, Detail: had.Detail})
		}
	}
	return nil
}

// again reports whether a texture of the archive is to be built again.
func (r *repair) again(had mbtiles.Record) bool {
	if r.Chosen != nil {
		return r.Chosen[had.Key()]
	}
	return had.Failed > 0 || r.RetryMissing && had.Missing > 0 || r.distrusted[had.Key()]
}

// salvage verifies the archive. If it is damaged, undamaged textures are copied for the repair to
// continue with, and the others are marked.
func (r *repair) salvage(ctx context.Context, a *mbtiles.Archive) error {
	set, end := r.meter("verify")
	report, err := a.Verify(ctx, mbtiles.VerifyOptions{Progress: set})
	end()
	if err != nil || report.OK {
		return err
	}
	r.salvaged, r.distrusted = true, make(map[tiles.Key]bool)
	for _, p := range report.Problems {
		if t, err := tiles.ParseName(p.Texture); err == nil {
			r.distrusted[t.Key()] = true
		}
	}
	set, end = r.meter("copy what is whole")
	defer end()
	keep := func(e mbtiles.Entry) bool { return !r.distrusted[e.Texture.Key()] }
	return a.Salvage(ctx, keep, mbtiles.CopyOptions{Quick: true, Progress: set}) // they have passed
}

// finishSalvaged replaces an archive by its salvaged part if no texture has to be built again.
func finishSalvaged(ctx context.Context, file, look string) error {
	w, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{Extend: true, Look: look})
	if err != nil {
		return err
	}
	return errors.Join(w.Finish(ctx, nil), w.Close())
}

// from builds the broken textures of provider id again.
func (r *repair) from(ctx context.Context, id string, partial bool) (pack.Report, error) {
	if r.Imagery.Provider == imagery.Auto {
		r.Imagery.Provider = id
		defer func() { r.Imagery.Provider = imagery.Auto }()
	}
	p, err := r.Imagery.Lookup(nil, r.note)
	if err != nil {
		return pack.Report{}, fmt.Errorf(
			"%w (the textures are from %s: name its template or file with --provider)", err, id)
	}
	writer, err := mbtiles.Create(ctx, r.Archive,
		mbtiles.WriterOptions{QueueBytes: writerQueue, Extend: true, Look: r.LookName})
	if err != nil {
		return pack.Report{}, err
	}
	// An interrupted repair has repaired some already.
	todo := slices.DeleteFunc(slices.Clone(r.broken[id]), func(it tiles.Item) bool {
		had, ok := writer.Has(it.Key())
		return ok && (!r.again(had) || had.Provider == p.ID && p.ID != id)
	})
	if len(r.distrusted) > 0 {
		if err := writer.Damaged(ctx, slices.Collect(maps.Keys(r.distrusted))...); err != nil {
			return pack.Report{}, errors.Join(err, writer.Close())
		}
	}
	meta := map[string]string{"xelpack:encoder": encoder(r.Making.Quality),
		"xelpack:jpeg_decoder": dds.Decoder()}
	if p.ID != id { // the archive is of both now
		meta[mbtiles.KeySources] = sources(p)
	}
	w := &work{
		Options: r.Options, file: r.Archive, provider: p, imagery: r.Imagery, making: r.Making, writer: writer, known: r.archived,
		job: pack.Job{Items: todo, Todo: todo, Provider: p.ID, Again: true, Partial: partial,
			Meta: meta}, askMissing: r.RetryMissing,
	}
	report, err := w.run(ctx)
	if err != nil {
		return report, fmt.Errorf("repair %s: %w", filepath.Base(r.Archive), err)
	}
	return report, nil
}
