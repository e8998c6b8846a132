package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// encode measures textures from chunks: decoding, mips, blocks; then the same files into segments
// of an archive.
func encode(ctx context.Context, e *Env) (err error) {
	p := pack.New(pack.Options{Source: e.Imagery, MaxZL: tiles.MaxZL, Compression: mbtiles.Fast})
	defer func() { err = errors.Join(err, p.Close()) }()
	for round := range e.Round() {
		var building, compressing time.Duration
		var raw, packed int64
		for i := range e.Textures {
			start := time.Now()
			built, err := p.Texture(ctx, tiles.Item{Texture: Name(round*e.Textures + i)})
			if err != nil {
				return err
			}
			building += time.Since(start)
			start = time.Now()
			content, err := p.Encode(ctx, built.File)
			if err != nil {
				return err
			}
			compressing += time.Since(start)
			raw, packed = raw+int64(len(built.File)), packed+content.Bytes()
			built.Release()
		}
		e.Add("textures", "textures/s", higher, float64(e.Textures)/building.Seconds())
		e.Add("compress", "ms/texture", lower, 1e3*compressing.Seconds()/float64(e.Textures))
		e.Add("size", "% of raw", lower, 100*float64(packed)/float64(raw))
	}
	return nil
}

// fetching measures chunks from a server of its own.
func fetching(ctx context.Context, e *Env) (err error) {
	server, err := newServer(e.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	provider, err := server.provider()
	if err != nil {
		return err
	}
	for round := range e.Round() {
		client := fetch.NewClient(fetch.ClientOptions{Concurrency: e.Concurrency})
		source := client.Source(provider)
		var bytes atomic.Int64
		g, groupCtx := errgroup.WithContext(ctx)
		g.SetLimit(2 * fetch.MaxConcurrency)
		start := time.Now()
		for i := range e.Chunks {
			n := uint32(round*e.Chunks + i)
			c := tiles.Chunk{Z: 16, X: n % 4096, Y: n / 4096}
			g.Go(func() error {
				body, err := source.Fetch(groupCtx, c)
				bytes.Add(int64(len(body)))
				return err
			})
		}
		err := g.Wait()
		seconds := time.Since(start).Seconds()
		n := client.Stats()
		client.Close()
		if err != nil {
			return err
		}
		e.Add("chunks", "chunks/s", higher, float64(e.Chunks)/seconds)
		e.Add("bytes", "MB/s", higher, float64(bytes.Load())/1e6/seconds)
		e.Add("again", "% of requests", lower,
			100*float64(n.Requests-int64(e.Chunks))/float64(n.Requests))
	}
	return nil
}

// archive measures writing an archive of existing contents, and reading it: whole textures, and the
// small mip levels alone. Work that fills a processor is measured in processor time.
func archive(ctx context.Context, e *Env) error {
	list, err := Contents(ctx, e.Imagery, e.Textures)
	if err != nil {
		return err
	}
	for round := range e.Round() {
		if err := archiveOnce(ctx, e, list,
			filepath.Join(e.Dir, fmt.Sprintf("archive-%d.mbtiles", round))); err != nil {
			return err
		}
	}
	return nil
}

func archiveOnce(ctx context.Context, e *Env, list []*mbtiles.Content, file string) (err error) {
	var packed int64
	for _, c := range list {
		packed += c.Bytes()
	}
	raw := int64(len(list)) * Full.Size()
	start := time.Now()
	if err := Write(ctx, file, list, true); err != nil {
		return err
	}
	e.Add("write", "MB/s of file", higher, float64(packed)/1e6/time.Since(start).Seconds())
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	e.Add("size", "% of raw, previews included", lower, 100*float64(info.Size())/float64(raw))

	start = time.Now()
	a, err := mbtiles.OpenWith(ctx, file, mbtiles.ReaderOptions{CacheBytes: -1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(), os.Remove(file)) }()
	e.Add("open", "ms", lower, 1e3*time.Since(start).Seconds())
	buf := make([]byte, Full.Size())
	var tails []time.Duration
	for entry := range a.All() {
		start := time.Now()
		if _, err := a.ReadAt(ctx, entry, buf[:dds.HeaderSize], 0); err != nil {
			return err
		}
		if _, err := a.ReadAt(ctx, entry, buf[:TailBytes], Full.Size()-TailBytes); err != nil {
			return err
		}
		tails = append(tails, time.Since(start))
	}
	slices.Sort(tails)
	e.Add("tail", "µs/texture", lower, 1e6*tails[len(tails)/2].Seconds())
	took, err := Processor(func() error {
		for entry := range a.All() {
			if _, err := a.ReadAt(ctx, entry, buf, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.Add("read", "MB/s of DDS", higher, float64(raw)/1e6/took.Seconds())
	took, err = Processor(func() error {
		r, err := a.Verify(ctx, mbtiles.VerifyOptions{Workers: 1})
		if err == nil && !r.OK {
			err = fmt.Errorf("%v", r.Problems)
		}
		return err
	})
	if err != nil {
		return err
	}
	e.Add("verify", "MB/s of DDS", higher, float64(raw)/1e6/took.Seconds())
	return nil
}
