package estimate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/internal/process"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Costs are the processor costs on this machine, in seconds.
type Costs struct {
	Plain    float64 // a place filled with a chunk, including its part of the texture's compression
	Enlarged float64 // a place filled with a part of a shallower chunk
	Compress float64 // the part of Plain that is compression
	Texture  float64 // additional cost of a texture of any size
	Source   float64 // making a chunk, if that is not a request

	Share, EnlargedShare float64 // share that compression leaves of the measured imagery
}

// Options are the settings of the build.
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

// still is imagery that costs nothing: enough chunks, repeated, that nothing repeats within a
// measured texture.
type still [stillSide * stillSide][]byte

const stillSide = tiles.TextureChunks >> measuredDetail

func (s *still) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	return s[c.Y%stillSide*stillSide+c.X%stillSide], nil
}

// take fills s from a source, and returns the cost of a chunk.
func (s *still) take(ctx context.Context, source fetch.Source,
	chunk func(i int) tiles.Chunk) (each float64, err error) {
	start := process.Time()
	for i := range s {
		if s[i], err = source.Fetch(ctx, chunk(i)); err != nil {
			return 0, fmt.Errorf("measure the processor: %w", err)
		}
	}
	return (process.Time() - start).Seconds() / float64(len(s)), nil
}

// farmland returns chunks of the sample that are about as hard to decode and encode as photographs.
func farmland(i int) tiles.Chunk {
	return tiles.Chunk{Z: 16, X: 33660 + uint32(i)%stillSide, Y: 23940 + uint32(i)/stillSide}
}

// Measure makes every processor do a little of the work and returns the costs. Processors that are
// busy otherwise disturb it little, because it measures processor time. local makes the items'
// chunks in this process; nil if they are fetched. A few of them are made.
func Measure(ctx context.Context, w Work, items []tiles.Item, local fetch.Source,
	o Options) (c Costs, err error) {
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
	plain, err := measure(ctx, o, source, 0)
	if err != nil {
		return c, err
	}
	c.Plain, c.Compress, c.Texture, c.Share = plain.place, plain.place*plain.compressing, plain.texture, plain.share
	if w.Enlarged > 0 {
		enlarged, err := measure(ctx, o, source, w.Up)
		if err != nil {
			return c, err
		}
		c.Enlarged, c.EnlargedShare = enlarged.place, enlarged.share
	}
	return c, nil
}

// The textures that are measured: of 256 places and of one.
const (
	measuredDetail = 2
	rounds         = 4
)

// measured holds the costs of a place and a texture, in seconds of processor time.
type measured struct {
	place, texture float64
	compressing    float64 // the part of it that is compression
	share          float64 // share that compression leaves
}

// measure builds textures enlarged by up zoom levels.
func measure(ctx context.Context, o Options, source fetch.Source, up uint) (m measured, err error) {
	const zl, places = 16, stillSide * stillSide
	pipeline := func(detail uint8) *pack.Pipeline {
		return pack.New(pack.Options{
			Source: source, MaxZL: zl - tiles.ZL(detail) - tiles.ZL(up),
			Quality: o.Quality, Compression: o.Compression, Workers: o.workers(),
		})
	}
	large, small := pipeline(measuredDetail), pipeline(tiles.MaxDetail)
	defer func() { err = errors.Join(err, large.Close(), small.Close()) }()
	some, one := math.Inf(1), math.Inf(1)
	for round := range rounds {
		s, _, err := build(ctx, o, small, tiles.MaxDetail, 4, round)
		if err != nil {
			return m, fmt.Errorf("measure the processor: %w", err)
		}
		l, last, err := build(ctx, o, large, measuredDetail, 1, round)
		if err != nil {
			return m, fmt.Errorf("measure the processor: %w", err)
		}
		one = min(one, s)
		if l < some {
			some, m.compressing, m.share = l, last.compressing, last.share
		}
	}
	m.place = max(0, some-one) / (places - 1)
	m.texture = max(0, one-m.place)
	return m, nil
}

// build makes every processor build textures at once: half of a core is slower while its other half
// is busy. It returns the cost of a texture.
func build(ctx context.Context, o Options, p *pack.Pipeline, detail uint8, each,
	round int) (seconds float64, m measured, err error) {
	var all, compressing, raw, stored atomic.Int64 // nanoseconds and bytes
	each *= process.Repeats
	start := process.Time()
	g, ctx := errgroup.WithContext(ctx)
	for i := range o.workers() {
		g.Go(func() error {
			for n := range each {
				begun := time.Now()
				t := tiles.Texture{Row: 16 * uint32(1+i), Col: 16 * uint32(round*each+n), ZL: 16,
					Maptype: "X"}
				built, err := p.Texture(ctx, tiles.Item{Texture: t, Detail: detail})
				if err != nil {
					return err
				}
				whole := time.Now()
				content, err := p.Encode(ctx, built.File)
				if err != nil {
					return err
				}
				compressing.Add(int64(time.Since(whole)))
				all.Add(int64(time.Since(begun)))
				raw.Add(int64(len(built.File)))
				stored.Add(content.Bytes())
				built.Release()
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, m, err
	}
	m.compressing = float64(compressing.Load()) / float64(max(1, all.Load())) // of a clock that stood still
	m.share = float64(stored.Load()) / float64(raw.Load())
	return (process.Time() - start).Seconds() / float64(o.workers()*each), m, nil
}
