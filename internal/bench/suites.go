package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	higher = "higher"
	lower  = "lower"
)

// encode measures textures from chunks: decoding, mips, blocks; then the same files into segments of an archive.
type encode struct {
	pipeline *pack.Pipeline
	textures int
	done     int
}

func newEncode(o Options) *encode {
	return &encode{pack.New(pack.Options{Source: o.imagery, MaxZL: tiles.MaxZL, Compression: mbtiles.Fast}), o.Textures, 0}
}

func (s *encode) round(ctx context.Context, add func(name, unit, better string, v float64)) error {
	var building, compressing time.Duration
	var raw, packed int64
	for range s.textures {
		start := time.Now()
		built, err := s.pipeline.Texture(ctx, item(s.done))
		if err != nil {
			return err
		}
		building += time.Since(start)
		start = time.Now()
		content, err := s.pipeline.Encode(ctx, built.File)
		if err != nil {
			return err
		}
		compressing += time.Since(start)
		raw, packed = raw+int64(len(built.File)), packed+content.Bytes()
		built.Release()
		s.done++
	}
	add("textures", "textures/s", higher, float64(s.textures)/building.Seconds())
	add("compress", "ms/texture", lower, 1e3*compressing.Seconds()/float64(s.textures))
	add("size", "% of raw", lower, 100*float64(packed)/float64(raw))
	return nil
}

func (s *encode) close() error { return s.pipeline.Close() }

// fetching measures chunks from a server of its own.
type fetching struct {
	o      Options
	server *server
	asked  uint32
}

func newFetch(o Options) (*fetching, error) {
	server, err := newServer(o)
	if err != nil {
		return nil, err
	}
	return &fetching{o: o, server: server}, nil
}

func (s *fetching) round(ctx context.Context, add func(name, unit, better string, v float64)) error {
	provider, err := s.server.provider()
	if err != nil {
		return err
	}
	client := fetch.NewClient(fetch.ClientOptions{Concurrency: s.o.Concurrency})
	defer client.Close()
	source := client.Source(provider)
	var bytes atomic.Int64
	g, groupCtx := errgroup.WithContext(ctx)
	g.SetLimit(2 * fetch.MaxConcurrency)
	start := time.Now()
	for range s.o.Chunks {
		s.asked++
		c := tiles.Chunk{Z: 16, X: s.asked % 4096, Y: s.asked / 4096}
		g.Go(func() error {
			body, err := source.Fetch(groupCtx, c)
			bytes.Add(int64(len(body)))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	n := client.Stats()
	add("chunks", "chunks/s", higher, float64(s.o.Chunks)/seconds)
	add("bytes", "MB/s", higher, float64(bytes.Load())/1e6/seconds)
	add("again", "% of requests", lower, 100*float64(n.Requests-int64(s.o.Chunks))/float64(n.Requests))
	return nil
}

func (s *fetching) close() error { return s.server.close() }

// contents makes the contents of the textures.
func contents(ctx context.Context, o Options) ([]*mbtiles.Content, error) {
	p := pack.New(pack.Options{Source: o.imagery, MaxZL: tiles.MaxZL, Compression: mbtiles.Fast})
	defer func() { _ = p.Close() }()
	var list []*mbtiles.Content
	for i := range o.Textures {
		built, err := p.Texture(ctx, item(i))
		if err != nil {
			return nil, err
		}
		c, err := p.Encode(ctx, built.File)
		built.Release()
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// write makes an archive of contents.
func write(ctx context.Context, file string, list []*mbtiles.Content) (err error) {
	w, err := mbtiles.Create(ctx, file, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for i, c := range list {
		if err := w.Put(ctx, mbtiles.Record{Texture: item(i).Texture, Provider: "bench", Chunks: 256}, c); err != nil {
			return err
		}
	}
	return w.Finish(ctx, map[string]string{"name": "bench"})
}

// archive measures writing an archive of contents that are there, and reading it: whole textures, and the small mip levels alone.
type archive struct {
	dir      string
	contents []*mbtiles.Content
	rounds   int
}

func newArchive(ctx context.Context, o Options, dir string) (*archive, error) {
	list, err := contents(ctx, o)
	return &archive{dir: dir, contents: list}, err
}

func (s *archive) round(ctx context.Context, add func(name, unit, better string, v float64)) (err error) {
	s.rounds++
	file := filepath.Join(s.dir, fmt.Sprintf("archive-%d.mbtiles", s.rounds))
	start := time.Now()
	if err := write(ctx, file, s.contents); err != nil {
		return err
	}
	var packed int64
	for _, c := range s.contents {
		packed += c.Bytes()
	}
	add("write", "MB/s of file", higher, float64(packed)/1e6/time.Since(start).Seconds())

	start = time.Now()
	a, err := mbtiles.Open(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	add("open", "ms", lower, 1e3*time.Since(start).Seconds())
	var tails, whole time.Duration
	var bytes int64
	buf := make([]byte, 12<<20)
	for e := range a.All() {
		size := e.Layout.Size()
		start := time.Now()
		if _, err := a.ReadAt(ctx, e, buf[:tailBytes], size-tailBytes); err != nil {
			return err
		}
		tails += time.Since(start)
		start = time.Now()
		if _, err := a.ReadAt(ctx, e, buf[:size], 0); err != nil {
			return err
		}
		whole += time.Since(start)
		bytes += size
	}
	add("tail", "µs/texture", lower, 1e6*tails.Seconds()/float64(a.Len()))
	add("read", "MB/s of DDS", higher, float64(bytes)/1e6/whole.Seconds())
	return nil
}

func (s *archive) close() error { return nil }

// tailBytes is the mip levels of 512 px and less of a BC1 texture.
const tailBytes = 174_776
