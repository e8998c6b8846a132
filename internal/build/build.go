// Package build carries out a plan: it opens the archive, fetches, encodes, packs, and records the
// result for the next plan's estimate. It repairs archives in the same way.
//
//	p, err := plan.Make(ctx, options) // options.Output is the archive
//	b, err := build.Open(ctx, p, build.Options{})
//	report, err := b.Run(ctx)
//
// Invalid options are a usage.Error.
package build

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/plan"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/internal/usage"
	"github.com/xelpack/xelpack/internal/version"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Options say how the work is done.
type Options struct {
	Retries  int           // retries of a chunk before it counts as failed
	Timeout  time.Duration // of one attempt at a chunk
	Patience time.Duration // for a provider that has stopped answering
	Fallback bool          // of a mosaic: what a source could not give comes from the next one, and is no hole

	// Look is baked into textures: it changes their colours for good. The archive notes LookName, and
	// is continued, extended and repaired with the same one only. nil and "": none.
	Look     func(tiles.Texture) *dds.Recolouring
	LookName string

	Note func(string) // called with notes for people; nil: not called
	// called when the work waits for a host, and when it continues; nil: not called
	OnOutage func(fetch.Outage)
	Observer Observer // receives fetching and building; nil: none
	// Make, if set, fills and finishes the archive instead of a pipeline of this process. Begin
	// then has neither client nor pipeline.
	Make func(ctx context.Context, w *mbtiles.Writer, job pack.Job) (pack.Report, error)
	// Begin, if set, is called when everything is ready and nothing has been done. Its result is
	// called when the work has ended.
	Begin func(Running) (end func(pack.Report))
}

// Defaults returns the usual options.
func Defaults() Options {
	return Options{Retries: 6, Timeout: 20 * time.Second, Patience: 10 * time.Minute}
}

// Observer receives all events of a build.
type Observer interface {
	fetch.Observer
	pack.Observer
}

// Running is a build in progress, for display.
type Running struct {
	Items, Todo []tiles.Item // all items, and those to be built
	Client      *fetch.Client
	Pipeline    *pack.Pipeline
	Writer      *mbtiles.Writer
	Memory      int64 // most memory in bytes
}

// Validate checks the options by themselves.
func (o Options) Validate() error {
	switch {
	case o.Retries < 0:
		return usage.Errorf("--retries %d: must not be negative", o.Retries)
	case o.Timeout <= 0:
		return usage.Errorf("--timeout %v: must be positive", o.Timeout)
	case o.Patience <= 0:
		return usage.Errorf("--patience %v: must be positive", o.Patience)
	}
	return nil
}

func (o Options) note(text string) {
	if o.Note != nil {
		o.Note(text)
	}
}

// Build is an open archive to be built.
type Build struct {
	plan   *plan.Plan
	before plan.Purpose
	work   *work // nil: nothing to do
}

// Open opens the archive that p is planned for. The caller must Run or Close it.
func Open(ctx context.Context, p *plan.Plan, o Options) (*Build, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if len(p.Items) == 0 {
		return nil, errors.New("nothing to build: every selected texture is a real file of the " +
			"scenery")
	}
	if err := p.Room(); err != nil {
		return nil, err // before creating files that would be left behind
	}
	b := &Build{plan: p, before: plan.PurposeIn(ctx, p.Options.Output)}
	writer, err := open(ctx, p, o.LookName)
	if err != nil || writer == nil {
		return b, err
	}
	b.work = &work{
		Options: o, file: p.Options.Output, provider: p.Provider, imagery: p.Options.Imagery, making: p.Options.Making,
		writer: writer, known: p.Items,
		job: pack.Job{Items: p.Items, Provider: p.Provider.ID, Meta: b.metadata()},
	}
	if b.work.job.Todo, err = pack.Todo(writer.Has, p.Items, p.Provider.ID); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// writerQueue bounds the contents waiting to be written: three of the largest.
const writerQueue = 32 << 20

// open opens the archive for writing; nil if it exists and lacks nothing.
func open(ctx context.Context, p *plan.Plan, look string) (*mbtiles.Writer, error) {
	options := mbtiles.WriterOptions{QueueBytes: writerQueue, Look: look}
	writer, err := mbtiles.Create(ctx, p.Options.Output, options)
	if !errors.Is(err, mbtiles.ErrExists) {
		return writer, err
	}
	if lacks, err := p.Lacks(ctx); err != nil || !lacks {
		return nil, err
	}
	options.Extend = true
	return mbtiles.Create(ctx, p.Options.Output, options)
}

// Done reports that the archive exists and lacks nothing.
func (b *Build) Done() bool { return b.work == nil }

// Run builds, and closes the archive. The report has no state if building did not start.
func (b *Build) Run(ctx context.Context) (pack.Report, error) {
	if b.Done() {
		n := len(b.plan.Items)
		return pack.Report{State: pack.StateComplete, Textures: n, Skipped: n}, nil
	}
	b.work.noteTerms(b.plan.Provider)
	return b.work.run(ctx)
}

// Close closes an archive that was not run.
func (b *Build) Close() error {
	if b.Done() {
		return nil
	}
	return b.work.writer.Close()
}

// metadata returns the archive's metadata about the build, added to what an extended archive was
// built for before.
func (b *Build) metadata() map[string]string {
	// cannot fail: numbers and names only
	purpose, _ := json.Marshal(b.plan.Purpose(b.before, time.Now()))
	p, name := b.plan.Provider, filepath.Base(b.plan.Options.Output)
	return map[string]string{
		"name":                 name[:len(name)-len(filepath.Ext(name))],
		plan.KeyPurpose:        string(purpose),
		mbtiles.KeySources:     sources(p),
		"xelpack:encoder":      encoder(b.plan.Options.Making.Quality),
		"xelpack:jpeg_decoder": dds.Decoder(),
	}
}

// sources is what archives say of their imagery.
func sources(p fetch.Provider) string {
	list := terms.Sources{}
	for _, l := range p.Layers {
		list = list.And(terms.Sources{l.Source(time.Now().Year())})
	}
	if len(p.Layers) == 0 {
		list = terms.Sources{p.Source(time.Now().Year())}
	}
	return list.String()
}

func encoder(q dds.Quality) string { return version.Program() + " " + q.String() }
