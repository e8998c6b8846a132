package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/pflag"

	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// packOptions are the flags about how textures are made.
type packOptions struct {
	Quality  string
	Compress string
}

func (o *packOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.Quality, "quality", "good", "encoder: fast, good or best")
	f.StringVar(&o.Compress, "compress", "fast", "archive compression: none, fast or best")
}

func (o packOptions) parse() (e estimate.Options, err error) {
	if e.Quality, err = dds.ParseQuality(o.Quality); err != nil {
		return e, usageErrorf("--quality: %w", err)
	}
	if e.Compression, err = mbtiles.ParseCompression(o.Compress); err != nil {
		return e, usageErrorf("--compress: %w", err)
	}
	return e, nil
}

// planEstimate is what a plan will cost. The JSON names are what scripts rely on.
type planEstimate struct {
	Textures      int           `json:"textures"`
	Chunks        int           `json:"chunks"`         // places, whatever depth the provider has
	Requests      int           `json:"requests"`       // for what neither store nor archive has, each chunk once
	DownloadBytes int64         `json:"download_bytes"` // of the requests
	StoreBytes    int64         `json:"store_bytes"`    // of the archive, once it is built
	Seconds       float64       `json:"seconds"`
	ByDetail      []tiles.Count `json:"by_detail"`

	there  int   // textures that the archive has already
	kept   int   // chunks that the store has already
	growth int64 // by how many bytes the archive grows
	work   estimate.Work
}

// estimatePlan estimates a build of items into the archive at output; "": a new one.
func estimatePlan(ctx context.Context, items []tiles.Item, p fetch.Provider, fo imagery.Options, eo estimate.Options, output string) (planEstimate, error) {
	e := planEstimate{Textures: len(items), ByDetail: tiles.Counts(items)}
	for _, n := range e.ByDetail {
		e.Chunks += n.Chunks
	}
	todo, size, extended, err := lacking(ctx, output, items, p.ID)
	if err != nil {
		return e, err
	}
	fo.UntilWhole = true // as for a build
	line := estimate.Line{
		Concurrency: fo.Concurrency, Rate: fo.Rate, Local: p.Local(), Offline: fo.Offline, Keeps: fo.Keeps(p),
		Known: knownOf(p, eo.Compression),
	}
	if extended {
		line.Copied = size
	}
	if line.Concurrency == 0 {
		line.Concurrency = fetch.DefaultConcurrency()
	}
	if p.Concurrency > 0 {
		line.Concurrency = min(line.Concurrency, p.Concurrency)
	}
	if p.Rate > 0 && (line.Rate == 0 || p.Rate < line.Rate) {
		line.Rate = p.Rate
	}
	if e.work, err = estimate.Count(todo, p.MaxZL, fo.CountKept(ctx, p)); err != nil {
		return e, err
	}
	costs, err := estimate.Measure(ctx, e.work, todo, localSource(p), eo)
	if err != nil {
		return e, err
	}
	r := e.work.Estimate(costs, line, eo)
	e.Requests, e.DownloadBytes, e.StoreBytes, e.Seconds = r.Requests, r.Download, size+r.Growth, r.Seconds
	e.there, e.kept, e.growth = len(items)-len(todo), e.work.Kept, r.Growth+line.Copied
	return e, nil
}

// localSource is where chunks come from that are made in this process; nil for all other providers.
func localSource(p fetch.Provider) fetch.Source {
	if p.ID == providers.SampleID {
		return fetch.Sample()
	}
	return nil
}

// lacking returns what of items the archive at file does not have yet, how large it is, and whether
// it is a finished one, of which a build makes a copy. What is wrong with it is for who opens it to
// write.
func lacking(ctx context.Context, file string, items []tiles.Item, provider string) (todo []tiles.Item, size int64, finished bool, err error) {
	if file == "" {
		return items, 0, false, nil
	}
	if file, err = realpath.Of(file); err != nil {
		return items, 0, false, nil
	}
	for _, path := range []string{file + ".part", file} {
		a, err := mbtiles.Open(ctx, path)
		if err != nil {
			continue
		}
		todo, err = pack.Todo(records(ctx, a), items, provider)
		if info, errStat := os.Stat(path); errStat == nil {
			size = info.Size()
		}
		return todo, size, path == file, errors.Join(err, a.Close())
	}
	return items, 0, false, ctx.Err()
}
