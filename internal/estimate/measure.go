package estimate

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Costs are what a processor of this machine takes, in seconds.
type Costs struct {
	Plain    float64 // a place filled with a chunk, and its part of the texture's compression
	Enlarged float64 // likewise with a part of a shallower chunk
	Texture  float64 // beside these, a texture of any size
	Source   float64 // what makes a chunk, where that is no request

	Share, EnlargedShare float64 // what compression leaves of the imagery that was measured with
}

// Options are what a build is made with.
type Options struct {
	Quality     dds.Quality
	Compression mbtiles.Compression
	Workers     int // default GOMAXPROCS
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// still is imagery that costs nothing: so many chunks, over and over, that nothing repeats within a texture that is measured.
type still [stillSide * stillSide][]byte

const stillSide = tiles.TextureChunks >> measuredDetail

func (s *still) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	return s[c.Y%stillSide*stillSide+c.X%stillSide], nil
}

// take fills s from a source, and returns what a chunk took.
func (s *still) take(ctx context.Context, source fetch.Source, chunk func(i int) tiles.Chunk) (each float64, err error) {
	start := process.Time()
	for i := range s {
		if s[i], err = source.Fetch(ctx, chunk(i)); err != nil {
			return 0, fmt.Errorf("measure the processor: %w", err)
		}
	}
	return (process.Time() - start).Seconds() / float64(len(s)), nil
}

// farmland of the sample is about as hard to decode and to encode as photographs are.
func farmland(i int) tiles.Chunk {
	return tiles.Chunk{Z: 16, X: 33660 + uint32(i)%stillSide, Y: 23940 + uint32(i)/stillSide}
}

// Measure has every processor do a little of the work, and takes what it needs for it. Processors that others keep busy disturb it little: what counts is
// processor time. local is what makes the items' chunks in this process, nil where others do: a few of them are made.
func Measure(ctx context.Context, w Work, items []tiles.Item, local fetch.Source, o Options) (c Costs, err error) {
	source := new(still)
	if local != nil && len(items) > 0 {
		c.Source, err = source.take(ctx, local, func(i int) tiles.Chunk {
			it := items[i*len(items)/len(source)]
			n := it.ChunksPerSide()
			return it.Chunk(i*5%n, i*11%n)
		})
	} else {
		_, err = source.take(ctx, fetch.Sample(), farmland)
	}
	if err != nil {
		return c, err
	}
	if c.Plain, c.Texture, c.Share, err = measure(ctx, o, source, 0); err == nil && w.Enlarged > 0 {
		c.Enlarged, _, c.EnlargedShare, err = measure(ctx, o, source, w.Up)
	}
	return c, err
}

// The textures that are measured: of 256 places and of one.
const (
	measuredDetail = 2
	rounds         = 4
)

// measure returns what a place and a texture take, of textures enlarged by up zoom levels.
func measure(ctx context.Context, o Options, source fetch.Source, up uint) (place, texture, share float64, err error) {
	const zl = 16
	p := pack.New(pack.Options{Source: source, MaxZL: zl - measuredDetail - tiles.ZL(up), Quality: o.Quality, Compression: o.Compression, Workers: o.workers()})
	defer p.Close()
	small := pack.New(pack.Options{Source: source, MaxZL: zl - tiles.MaxDetail - tiles.ZL(up), Quality: o.Quality, Compression: o.Compression, Workers: o.workers()})
	defer small.Close()
	// Every processor at once: a processor that is half of a core is slower beside its other half
	run := func(p *pack.Pipeline, detail uint8, each, round int) (seconds float64, err error) {
		start := process.Time()
		g, ctx := errgroup.WithContext(ctx)
		for i := range o.workers() {
			g.Go(func() error {
				for n := range each {
					t := tiles.Texture{ZL: zl, Row: 16 * uint32(1+i), Col: 16 * uint32(round*each+n), Maptype: "X"}
					built, err := p.Texture(ctx, tiles.Item{Texture: t, Detail: detail})
					if err != nil {
						return err
					}
					content, err := p.Encode(ctx, built.File)
					if err != nil {
						return err
					}
					share = float64(content.Bytes()) / float64(len(built.File))
					built.Release()
				}
				return nil
			})
		}
		err = g.Wait()
		return (process.Time() - start).Seconds() / float64(o.workers()*each), err
	}
	large, one := 1e9, 1e9
	for round := range rounds {
		s, err := run(small, tiles.MaxDetail, 4, round)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("measure the processor: %w", err)
		}
		l, err := run(p, measuredDetail, 1, round)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("measure the processor: %w", err)
		}
		large, one = min(large, l), min(one, s)
	}
	const places = (tiles.TextureChunks >> measuredDetail) * (tiles.TextureChunks >> measuredDetail)
	place = max(0, large-one) / (places - 1)
	return place, max(0, one-place), share, nil
}
