package plan

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/xelpack/xelpack/internal/chunkstore"
	"github.com/xelpack/xelpack/internal/estimate"
	"github.com/xelpack/xelpack/internal/imagery"
	"github.com/xelpack/xelpack/internal/mosaic"
	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/providers"
	"github.com/xelpack/xelpack/internal/realpath"
	"github.com/xelpack/xelpack/internal/terms"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Estimate is the expected cost of a plan. Scripts rely on the JSON names.
type Estimate struct {
	Textures int `json:"textures"`
	Chunks   int `json:"chunks"` // places, whatever depth the provider has
	// chunks in neither the store nor the archive, each counted once
	Requests      int           `json:"requests"`
	DownloadBytes int64         `json:"download_bytes"` // of the requests
	StoreBytes    int64         `json:"store_bytes"`    // of the finished archive
	Seconds       float64       `json:"seconds"`
	ByDetail      []tiles.Count `json:"by_detail"`
	// chunks of each source of a mosaic, if it has imagery wherever it covers
	Sources terms.Use `json:"sources,omitempty"`

	there  int   // textures that the archive has already
	growth int64 // bytes by which the archive grows
	work   estimate.Work
}

// estimateOf estimates a build of items.
func estimateOf(ctx context.Context, items []tiles.Item, p fetch.Provider,
	o Options) (Estimate, error) {
	e := Estimate{Textures: len(items), ByDetail: tiles.Counts(items)}
	for _, n := range e.ByDetail {
		e.Chunks += n.Chunks
	}
	todo, size, extended, err := lacking(ctx, o.Output, items, p.ID)
	if err != nil {
		return e, err
	}
	from := o.Imagery
	from.UntilWhole = true // as for a build
	line := estimate.Line{
		Concurrency: from.Concurrency, Rate: from.Rate, Local: p.Local(), Offline: from.Offline, Keeps: from.Keeps(p),
		Known: estimate.KnownOf(p, o.Making.Compression),
	}
	if extended {
		line.Copied = size
	}
	line.Concurrency = cmp.Or(line.Concurrency, fetch.DefaultConcurrency())
	if p.Concurrency > 0 {
		line.Concurrency = min(line.Concurrency, p.Concurrency)
	}
	if p.Rate > 0 && (line.Rate == 0 || p.Rate < line.Rate) {
		line.Rate = p.Rate
	}
	if len(p.Layers) > 0 {
		e.Sources = terms.Use{}
		mosaic.Planned(p, items, func(source providers.Provider, _ tiles.Chunk, side int) {
			e.Sources[source.ID] += side * side
		})
	}
	if e.work, err = count(ctx, todo, p, from); err != nil {
		return e, err
	}
	costs, err := estimate.Measure(ctx, e.work, todo, localSource(p), o.Making)
	if err != nil {
		return e, err
	}
	r := e.work.Estimate(costs, line, o.Making)
	e.Requests, e.DownloadBytes, e.StoreBytes, e.Seconds = r.Requests, r.Download, size+r.Growth, r.Seconds
	e.there, e.growth = len(items)-len(todo), r.Growth+line.Copied
	return e, nil
}

// count counts the work for items; for a mosaic, source by source.
func count(ctx context.Context, items []tiles.Item, p fetch.Provider,
	from imagery.Options) (work estimate.Work, err error) {
	if len(p.Layers) == 0 {
		return estimate.Count(items, p.MaxZL, p.TileLevels(), from.CountKept(ctx, p))
	}
	places := map[string][]chunkstore.Square{}
	var sources []fetch.Provider
	mosaic.Planned(p, items, func(source providers.Provider, at tiles.Chunk, side int) {
		key := source.ID + " " + source.Template
		if places[key] == nil {
			sources = append(sources, source)
		}
		places[key] = append(places[key], chunkstore.Square{Chunk: at, Side: uint32(side)})
	})
	work = estimate.Of(items)
	for _, l := range sources {
		one, err := estimate.CountChunks(places[l.ID+" "+l.Template], l.MaxZL, l.TileLevels(), from.CountKept(ctx, l))
		if err != nil {
			return work, err
		}
		work = work.And(one)
	}
	return work, nil
}

// localSource returns the source of chunks that are made in this process; nil for other providers.
func localSource(p fetch.Provider) fetch.Source {
	if p.ID == providers.SampleID {
		return fetch.Sample()
	}
	return nil
}

// lacking returns the items that the archive at file does not have yet, its size, and whether it is
// a finished one, which a build copies. Errors are left to whoever opens it for writing.
func lacking(ctx context.Context, file string, items []tiles.Item,
	provider string) (todo []tiles.Item, size int64, finished bool, err error) {
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

// Lacks reports whether the archive that p is planned for must be begun, finished or extended.
func (p *Plan) Lacks(ctx context.Context) (lacks bool, err error) {
	a, err := mbtiles.Open(ctx, p.Options.Output)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, mbtiles.ErrUnfinished):
		return true, nil
	case err != nil:
		return false, err
	}
	defer func() {
		if errClose := a.Close(); err == nil {
			err = errClose
		}
	}()
	if err := a.NoPatch(); err != nil {
		return false, err
	}
	todo, err := pack.Todo(records(ctx, a), p.Items, p.Provider.ID)
	return len(todo) > 0, err
}

// records looks textures up in a finished archive.
func records(ctx context.Context, a *mbtiles.Archive) func(tiles.Key) (mbtiles.Record, bool) {
	return func(k tiles.Key) (mbtiles.Record, bool) {
		e, ok := a.Lookup(k)
		if !ok {
			return mbtiles.Record{}, false
		}
		// A record that cannot be read is built again.
		r, err := a.Record(ctx, e)
		return r, err == nil
	}
}
