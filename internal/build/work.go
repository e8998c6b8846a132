package build

import (
	"context"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/mosaic"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/words"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// work is the work on an open archive: a build or a repair.
type work struct {
	Options
	file     string
	provider fetch.Provider
	imagery  imagery.Options
	making   estimate.Options

	writer     *mbtiles.Writer // closed by run
	job        pack.Job
	known      []tiles.Item // some may be known to be available
	askMissing bool
}

// run lets the pipeline do the work, and closes the archive.
func (w *work) run(ctx context.Context) (report pack.Report, err error) {
	defer func() {
		if errClose := w.writer.Close(); err == nil {
			err = errClose
		}
	}()
	if w.Make != nil {
		end := func(pack.Report) {}
		if w.Begin != nil {
			end = w.Begin(Running{Items: w.job.Items, Todo: w.job.Todo, Writer: w.writer, Memory: w.memory()})
		}
		report, err = w.Make(ctx, w.writer, w.job)
		end(report)
		return report, err
	}
	w.imagery.UntilWhole, w.imagery.AskMissing = true, w.askMissing
	record := newRecord(w)
	source, err := w.imagery.Open(ctx, w.provider, fetch.ClientOptions{
		Retries: retries(
			w.Retries), Timeout: w.Timeout, Patience: w.Patience, OnOutage: w.OnOutage,
		Observer: &record.answers,
	}, w.note)
	if err != nil {
		return report, err
	}
	defer source.Close()
	for _, l := range mosaic.Layers(w.provider) {
		if near := mosaic.Near(l, w.known); len(near) > 0 {
			source.Client.Candidates(l.Provider, pack.Candidates(w.writer.Has, near, l.MaxZL)...)
		}
	}
	pipeline := pack.New(pack.Options{
		Fallback: w.Fallback, Quality: w.making.Quality, Compression: w.making.Compression, Observer: w.Observer,
		Look: w.Look,
	}.From(source, w.provider))
	defer func() { _ = pipeline.Close() }()
	w.job.Client = source.Client
	end := func(pack.Report) {}
	if w.Begin != nil {
		end = w.Begin(Running{w.job.Items, w.job.Todo, source.Client, pipeline, w.writer, w.memory()})
	}
	seen := record.watch(pipeline)
	report, err = pack.Build(ctx, pipeline, w.writer, w.job)
	seen()
	if err := record.remember(w.file, report, w.job.Todo); err != nil {
		w.note(words.Sprintf("the figures of this build were not saved for the next estimate: %v",
			err))
	}
	end(report)
	return report, err
}

// retries converts 0 for the client, whose zero means its default.
func retries(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
