package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Errors that end a build. The archive stays valid and resumable.
var (
	// ErrRefused: the provider refuses us (401, 403). Going on would fill the archive with holes.
	ErrRefused = errors.New("the provider refuses to serve us")
	// ErrNoAnswer: of thousands of chunks in a row not one could be had.
	ErrNoAnswer = errors.New("the provider does not answer")
	// ErrOtherProvider: the archive holds planned textures of another provider. One archive does not mix imagery by accident.
	ErrOtherProvider = errors.New("the archive was built from another provider")
)

// defaultGiveUp is eight full textures.
const defaultGiveUp = 8 * tiles.TextureChunks * tiles.TextureChunks

// Job is what Build does.
type Job struct {
	Items    []tiles.Item
	Provider string            // its id, recorded with each texture
	Meta     map[string]string // rows for the archive's metadata
	// GiveUp is how many chunks in a row, of textures without any imagery, may fail before the provider is taken to be down. Default 2048.
	GiveUp int
	// Again builds every item, whatever the archive has, and lets the provider be another: a repair. What comes back with more holes than what is there
	// is not kept.
	Again bool
	// Partial leaves the archive unfinished, for another Job to go on with.
	Partial bool
	// Client reports what was requested. Nil reports nothing, as for a source without network.
	Client interface{ Stats() fetch.Stats }
}

// The states in which a build ends.
const (
	StateComplete    = "complete"
	StateHoles       = "holes"
	StateInterrupted = "interrupted"
)

// Report says what a build did. Its JSON is what scripts rely on.
type Report struct {
	State    string `json:"state"`    // complete, holes or interrupted
	Textures int    `json:"textures"` // planned
	Built    int    `json:"built"`    // by this run
	Skipped  int    `json:"skipped"`  // in the archive already
	Chunks   struct {
		OK        int64 `json:"ok"`
		NoImagery int64 `json:"no_imagery"`
		Failed    int64 `json:"failed"`
	} `json:"chunks"`
	Holes        int   `json:"holes"`         // textures of the plan with failed chunks, once it is done
	FailedChunks int64 `json:"failed_chunks"` // places of theirs that are filled for want of a chunk

	Requests        int64   `json:"requests"`
	Retries         int64   `json:"retries"`
	BytesDownloaded int64   `json:"bytes_downloaded"`
	BytesStored     int64   `json:"bytes_stored"`
	ElapsedSeconds  float64 `json:"elapsed_seconds"`
}

// Todo returns the items that the archive lacks or has with holes or in another detail, in their order. The error is an ErrOtherProvider.
func Todo(has func(tiles.Key) (mbtiles.Record, bool), items []tiles.Item, provider string) ([]tiles.Item, error) {
	var todo []tiles.Item
	for _, it := range items {
		r, ok := has(it.Key())
		if ok && r.Provider != provider {
			return nil, fmt.Errorf("%s is from %s, not %s: %w", it, r.Provider, provider, ErrOtherProvider)
		}
		if !ok || r.Failed > 0 || r.Detail != it.Detail {
			todo = append(todo, it)
		}
	}
	return todo, nil
}

// Build fills the archive with what job plans and finishes it. What the archive has already is not fetched again. When ctx ends or an error stops
// the build, what was built is kept, the writer is closed and the same build can go on from there.
//
// The report is right in every case; the error is nil only when the archive is finished, with holes or without.
func Build(ctx context.Context, p *Pipeline, w *mbtiles.Writer, job Job) (Report, error) {
	start := time.Now()
	b := &build{pipeline: p, writer: w, job: job}
	err := b.run(ctx)
	if errClose := w.Close(); err == nil {
		err = errClose
	}
	b.report.Textures = len(job.Items)
	b.report.Built = int(b.built.Load())
	b.report.Chunks.OK, b.report.Chunks.NoImagery, b.report.Chunks.Failed = p.Counts.OK.Load(), p.Counts.NoImagery.Load(), p.Counts.Failed.Load()
	if job.Client != nil {
		s := job.Client.Stats()
		b.report.Requests, b.report.Retries, b.report.BytesDownloaded = s.Requests, s.Retries, s.BytesDownloaded
	}
	b.report.Holes, b.report.FailedChunks = int(b.holes.Load()), b.failedChunks.Load()
	b.report.BytesStored = w.Stored()
	b.report.ElapsedSeconds = time.Since(start).Seconds()
	switch {
	case err != nil:
		b.report.State = StateInterrupted
	case b.holes.Load() > 0:
		b.report.State = StateHoles
	default:
		b.report.State = StateComplete
	}
	return b.report, err
}

type build struct {
	pipeline *Pipeline
	writer   *mbtiles.Writer
	job      Job
	report   Report
	built    atomic.Int64

	holes, failedChunks atomic.Int64 // textures with failed chunks, and how many these are

	mu     sync.Mutex
	blanks int // chunks in a row that failed, of textures without any imagery
}

func (b *build) run(ctx context.Context) error {
	todo := b.job.Items
	if !b.job.Again {
		var err error
		if todo, err = Todo(b.writer.Has, b.job.Items, b.job.Provider); err != nil {
			return err
		}
	}
	b.report.Skipped = len(b.job.Items) - len(todo)
	if err := b.textures(ctx, todo); err != nil {
		return err
	}
	if b.job.Partial {
		return b.writer.Flush(ctx)
	}
	return b.writer.Finish(ctx, maps.Clone(b.job.Meta))
}

// textures builds todo. A goroutine a texture: the pipeline's memory lets in as many as it has room for, and small textures need many at once to
// keep every connection busy.
func (b *build) textures(ctx context.Context, todo []tiles.Item) error {
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(b.pipeline.nSlots)
	for _, it := range todo {
		if groupCtx.Err() != nil {
			break
		}
		g.Go(func() error { return b.texture(groupCtx, it) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func (b *build) texture(ctx context.Context, it tiles.Item) error {
	built, err := b.pipeline.Texture(ctx, it)
	if err != nil {
		return err
	}
	// Only now does its memory stop counting: the content waiting to be written is about as large.
	defer built.Release()
	if err := b.answers(built); err != nil {
		return err
	}
	if old, ok := b.writer.Has(it.Key()); ok && old.Detail == it.Detail && old.Failed < built.Failed {
		b.countHole(old.Failed)
		b.tell(it, Tally{old.Chunks, old.Overzoomed, old.Missing, old.Failed})
		return nil
	}
	content, err := b.pipeline.Encode(ctx, built.File)
	if err != nil {
		return fmt.Errorf("build %s: %w", it, err)
	}
	r := mbtiles.Record{
		Texture: it.Texture, Detail: it.Detail, Provider: b.job.Provider,
		Chunks: built.Chunks, Overzoomed: built.Overzoomed, Missing: built.Missing, Failed: built.Failed,
	}
	if err := b.put(ctx, r, content); err != nil {
		return err
	}
	b.countHole(built.Failed)
	b.built.Add(1)
	b.pipeline.Counts.Textures.Add(1)
	b.tell(it, built.Tally)
	return nil
}

func (b *build) countHole(failed int) {
	b.holes.Add(int64(min(1, failed)))
	b.failedChunks.Add(int64(failed))
}

// tell lets it be known what the archive has of it now.
func (b *build) tell(it tiles.Item, tally Tally) {
	if o := b.pipeline.observer; o != nil {
		o.Stored(it, tally)
	}
}

func (b *build) put(ctx context.Context, r mbtiles.Record, c *mbtiles.Content) error {
	defer within(&b.pipeline.load.storing)()
	return b.writer.Put(ctx, r, c)
}

// answers says whether to go on: not when the provider refuses, nor when one texture after another comes back blank.
func (b *build) answers(built *Built) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !built.Blank() {
		b.blanks = 0
		return nil
	}
	b.blanks += built.Chunks
	switch {
	case errors.Is(built.Cause, fetch.ErrRefused):
		return fmt.Errorf("%w: %w", ErrRefused, built.Cause)
	case errors.Is(built.Cause, fetch.ErrDown): // the source has waited for it already
		return fmt.Errorf("%w: %w", ErrNoAnswer, built.Cause)
	case b.blanks >= cmp.Or(b.job.GiveUp, defaultGiveUp):
		return fmt.Errorf("%w: %d chunks in a row failed, the last: %w", ErrNoAnswer, b.blanks, built.Cause)
	}
	return nil
}

// Encode makes an archive's content of a texture's file, with one of the pipeline's workers.
func (p *Pipeline) Encode(ctx context.Context, file []byte) (c *mbtiles.Content, err error) {
	err = p.work(ctx, TaskCompress, func(w *worker) error {
		c, err = w.encoder.Encode(file)
		return err
	})
	return c, err
}
