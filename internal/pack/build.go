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

// Errors that end a build. The archive stays valid and can be resumed.
var (
	// ErrHoles means that textures have failed chunks. The archive is valid.
	ErrHoles = errors.New("finished with holes")
	// ErrRefused means that the provider refuses everything (401, 403). Continuing would fill the
	// archive with holes.
	ErrRefused = errors.New("the provider refuses requests")
	// ErrNoAnswer means that the provider has stopped answering for longer than fetching waits, or
	// that none of thousands of chunks could be fetched.
	ErrNoAnswer = errors.New("no imagery from the provider")
	// ErrOtherProvider means that the archive holds planned textures of another provider. One
	// archive must not mix imagery by accident.
	ErrOtherProvider = errors.New("the archive was built from another provider")
)

// defaultGiveUp is eight full textures.
const defaultGiveUp = 8 * tiles.TextureChunks * tiles.TextureChunks

// Job describes a build.
type Job struct {
	Items []tiles.Item
	// which of Items are to be built; nil: those that function Todo returns
	Todo     []tiles.Item
	Provider string            // its id, recorded with each texture
	Meta     map[string]string // rows of the archive's metadata
	// GiveUp is how many chunks may fail at the start, of an archive without any texture and
	// without one successful chunk, before the build ends. Default 2048. Later only fetch.ErrDown
	// ends a build: a provider that fails many chunks in a row may serve the rest.
	GiveUp int
	// Again lets the archive have Todo already, from another provider too: a repair. What comes
	// back with more holes than what is there is not kept.
	Again bool
	// Partial leaves the archive unfinished, to be continued by another Job.
	Partial bool
	// Client reports what was requested. Nil: no reports, as for a source without network.
	Client interface{ Stats() fetch.Stats }
}

// The states in which a build ends.
const (
	StateComplete    = "complete"
	StateHoles       = "holes"
	StateInterrupted = "interrupted"
)

// Report is the result of a build. Scripts rely on its JSON.
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
	// textures of the plan with failed chunks, once it is done
	Holes        int   `json:"holes"`
	FailedChunks int64 `json:"failed_chunks"` // their places without a chunk

	// why chunks failed: the three most frequent causes
	Causes          []Cause `json:"causes,omitempty"`
	Requests        int64   `json:"requests"`
	Retries         int64   `json:"retries"`
	Outages         int64   `json:"outages,omitempty"` // how often the provider stopped answering
	BytesDownloaded int64   `json:"bytes_downloaded"`
	BytesStored     int64   `json:"bytes_stored"`
	ElapsedSeconds  float64 `json:"elapsed_seconds"`
	// the part of it after the last texture, until the archive was on the disk
	EndingSeconds float64 `json:"-"`
}

// Todo returns the items that the archive lacks, or has with holes or in another detail, in order.
// The error is an ErrOtherProvider.
func Todo(has func(tiles.Key) (mbtiles.Record, bool), items []tiles.Item,
	provider string) ([]tiles.Item, error) {
	var todo []tiles.Item
	for _, it := range items {
		r, ok := has(it.Key())
		if ok && r.Provider != provider {
			return nil, fmt.Errorf("%s is from %s, not %s: %w", it, r.Provider, provider,
				ErrOtherProvider)
		}
		if !ok || r.Failed > 0 || r.Detail != it.Detail {
			todo = append(todo, it)
		}
	}
	return todo, nil
}

// candidates is how many chunks are used to find out whether a provider answers at all.
const candidates = 8

// Candidates returns chunks for fetch.Client.Candidates: of textures that the archive has without
// holes, and of items all over the plan. maxZL is the provider's deepest zoom level.
func Candidates(has func(tiles.Key) (mbtiles.Record, bool), items []tiles.Item,
	maxZL tiles.ZL) []tiles.Chunk {
	var whole []tiles.Item
	for _, it := range items {
		if r, ok := has(it.Key()); ok && r.Failed+r.Missing+r.Overzoomed == 0 {
			whole = append(whole, tiles.Item{Texture: it.Texture, Detail: r.Detail})
		}
	}
	var list []tiles.Chunk
	for _, from := range [][]tiles.Item{whole, items} {
		n := min(len(from), candidates/2)
		for i := range n {
			c := from[i*(len(from)-1)/max(n-1, 1)].Chunk(0, 0)
			up := max(c.Z, maxZL) - maxZL
			list = append(list, tiles.Chunk{Z: c.Z - up, X: c.X >> up, Y: c.Y >> up})
		}
	}
	return list
}

// Build fills the archive with the textures of job and finishes it. Textures that the archive has
// already are not fetched again. If ctx ends or an error stops the build, finished textures are
// kept, the writer is closed, and the same build can be continued.
//
// The report is always valid; the error is nil only if the archive is finished, with holes or
// without.
func Build(ctx context.Context, p *Pipeline, w *mbtiles.Writer, job Job) (Report, error) {
	start := time.Now()
	b := &build{pipeline: p, writer: w, job: job}
	err := b.run(ctx)
	if errClose := w.Close(); err == nil {
		err = errClose
	}
	if !b.whole.IsZero() {
		b.report.EndingSeconds = time.Since(b.whole).Seconds()
	}
	b.report.Textures = len(job.Items)
	b.report.Built = int(b.built.Load())
	b.report.Chunks.OK, b.report.Chunks.NoImagery, b.report.Chunks.Failed = p.Counts.OK.Load(), p.Counts.NoImagery.Load(), p.Counts.Failed.Load()
	b.report.Causes = p.Counts.Causes()
	if job.Client != nil {
		s := job.Client.Stats()
		b.report.Requests, b.report.Retries, b.report.Outages, b.report.BytesDownloaded = s.Requests, s.Retries, s.Outages, s.BytesDownloaded
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
	whole    time.Time // when the last texture was encoded

	holes, failedChunks atomic.Int64 // textures with failed chunks, and the number of these chunks

	mu     sync.Mutex
	blanks int   // failed chunks of textures without any imagery
	cause  error // the latest
}

func (b *build) run(ctx context.Context) error {
	todo := b.job.Todo
	if todo == nil {
		var err error
		if todo, err = Todo(b.writer.Has, b.job.Items, b.job.Provider); err != nil {
			return err
		}
	}
	b.report.Skipped = len(b.job.Items) - len(todo)
	if err := b.textures(ctx, todo); err != nil {
		return err
	}
	b.whole = time.Now()
	if err := b.nothing(); err != nil {
		return err
	}
	for i := range b.pipeline.layers {
		l := &b.pipeline.layers[i]
		if keeper, ok := l.Source.(fetch.Keeper); ok && b.holes.Load() == 0 {
			keeper.Whole(l.sharedTiles(todo))
		}
	}
	if b.job.Partial {
		return b.writer.Flush(ctx)
	}
	return b.writer.Finish(ctx, maps.Clone(b.job.Meta))
}

// textures builds todo, one goroutine a texture: the pipeline's memory admits as many as fit, and
// many small textures are needed at once to keep every connection busy.
func (b *build) textures(ctx context.Context, todo []tiles.Item) error {
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(b.pipeline.nSlots)
	for _, it := range b.pipeline.byTile(todo) {
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
	if old, ok := b.writer.Has(it.Key()); ok && old.Detail == it.Detail &&
		old.Failed < built.Failed {
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
		Captured: built.Captured,
	}
	if b.pipeline.mosaic {
		r.Sources = built.Sources.String()
	}
	if err := b.put(ctx, r, content); err != nil {
		return err
	}
	b.countHole(built.Failed)
	for _, l := range b.pipeline.standing(it) {
		if keeper, ok := l.Source.(fetch.Keeper); ok && built.Failed == 0 {
			keeper.Whole(askedFor(it, l.MaxZL, l.levels()))
		}
	}
	b.built.Add(1)
	b.pipeline.Counts.Textures.Add(1)
	b.tell(it, built.Tally)
	return nil
}

func (b *build) countHole(failed int) {
	b.holes.Add(int64(min(1, failed)))
	b.failedChunks.Add(int64(failed))
}

// askedFor returns the tiles of 2^levels chunks a side that may have been fetched for it, and those
// for it alone: from its own zoom level up to where it is one tile.
func askedFor(it tiles.Item, maxZL tiles.ZL, levels uint) (list []tiles.Chunk) {
	corner := it.Chunk(0, 0)
	for side := uint32(it.ChunksPerSide()); side>>levels > 0; side >>= 1 {
		if at, across := corner.Above(levels), side>>levels; corner.Z <= maxZL {
			for i := range across * across {
				list = append(list, tiles.Chunk{Z: at.Z, X: at.X + i%across, Y: at.Y + i/across})
			}
		}
		if uint(corner.Z) <= levels {
			break
		}
		corner = corner.Parent()
	}
	return list
}

// tell reports what the archive has of it now.
func (b *build) tell(it tiles.Item, tally Tally) {
	if o := b.pipeline.observer; o != nil {
		o.Stored(it, tally)
	}
}

func (b *build) put(ctx context.Context, r mbtiles.Record, c *mbtiles.Content) error {
	defer within(&b.pipeline.load.storing)()
	return b.writer.Put(ctx, r, c)
}

// answers returns an error if the build should end: when the provider is down or refuses
// everything, or when it has never sent anything.
func (b *build) answers(built *Built) error {
	if !built.Blank() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blanks += built.Chunks
	b.cause = built.Cause
	switch {
	case errors.Is(b.cause, fetch.ErrDown): // the source has waited for it already
		return fmt.Errorf("%w: %w", endsWith(b.cause), b.cause)
	case errors.Is(b.cause, fetch.ErrOffline):
		// no request was sent; later chunks may be in the store
		return nil
	case b.blanks >= cmp.Or(b.job.GiveUp, defaultGiveUp):
		return b.nothing()
	}
	return nil
}

// nothing returns an error if the archive is new and no chunk has come for it: it would hold only
// holes.
func (b *build) nothing() error {
	c := &b.pipeline.Counts
	if b.report.Skipped > 0 || b.job.Again || b.cause == nil || c.OK.Load()+c.NoImagery.Load() > 0 {
		return nil
	}
	return fmt.Errorf("%w: it %s: all of the first %d chunks failed, the last: %w",
		endsWith(b.cause), fetch.Explain(b.cause), b.blanks, b.cause)
}

// endsWith returns the error that ends a build for cause.
func endsWith(cause error) error {
	if errors.Is(cause, fetch.ErrRefused) {
		return ErrRefused
	}
	return ErrNoAnswer
}

// Encode makes an archive's content from a texture's file, with one of the pipeline's workers.
func (p *Pipeline) Encode(ctx context.Context, file []byte) (c *mbtiles.Content, err error) {
	err = p.work(ctx, TaskCompress, func(w *worker) error {
		c, err = w.encoder.Encode(file)
		return err
	})
	return c, err
}
