package measure

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	across = tiles.TextureChunks // chunks along a texture's side
	chunks = across * across

	// TailBytes is the size of the mip levels of 512 px and less of a BC1 texture: with the header,
	// what X-Plane reads of most.
	TailBytes = 174_776
)

// Full is the layout of the textures here.
var Full = dds.Layout{Format: dds.BC1, Side: dds.MaxSide}

// Name returns the n-th texture of the test data: on a coast of the sample imagery.
func Name(n int) tiles.Texture {
	const wide = 250
	return tiles.Texture{Row: 23936 + across*uint32(n/wide), Col: 33696 + across*uint32(n%wide),
		ZL: 16, Maptype: "BI"}
}

// Shuffled is a set of JPEG chunks that every texture has in a different order.
type Shuffled [][]byte

// Fetch implements fetch.Source.
func (s Shuffled) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	order := rand.New(rand.NewPCG(uint64(c.X/across), uint64(c.Y/across))).Perm(len(s))
	return s[order[int(c.Y%across*across+c.X%across)%len(s)]], nil
}

// Farmland returns chunks of the sample imagery, about 13 KB each, made beforehand so that making
// imagery is not measured.
func Farmland(ctx context.Context) (Shuffled, error) {
	const side = 9
	source, s := fetch.Sample(), make(Shuffled, side*side)
	for i := range s {
		var err error
		if s[i], err = source.Fetch(ctx,
			tiles.Chunk{Z: 16, X: 33660 + uint32(i%side), Y: 23940 + uint32(i/side)}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// SetC reads the 256 aerial chunks in dir, ROW_COL.jpg.
func SetC(dir string) (Shuffled, error) {
	s := make(Shuffled, chunks)
	for i := range s {
		var err error
		if s[i], err = os.ReadFile(
			filepath.Join(dir, fmt.Sprintf("%02d_%02d.jpg", i/across, i%across))); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Textures makes the files of the first n textures. A file is valid only during do.
func Textures(ctx context.Context, source fetch.Source, n int,
	do func(i int, file []byte) error) error {
	p := pack.New(pack.Options{Source: source, MaxZL: tiles.MaxZL})
	defer func() { _ = p.Close() }()
	for i := range n {
		built, err := p.Texture(ctx, tiles.Item{Texture: Name(i)})
		if err != nil {
			return err
		}
		if built.Failed > 0 {
			return built.Cause
		}
		err = do(i, built.File)
		built.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// Contents encodes the first n textures.
func Contents(ctx context.Context, source fetch.Source,
	n int) (list []*mbtiles.Content, err error) {
	e := mbtiles.NewEncoder(mbtiles.Fast)
	err = Textures(ctx, source, n, func(_ int, file []byte) error {
		c, err := e.Encode(file)
		list = append(list, c)
		return err
	})
	return list, err
}

// record returns the archive record of the i-th texture.
func record(i int, l dds.Layout) mbtiles.Record {
	r := mbtiles.Record{Texture: Name(i), Chunks: chunks, Provider: "bench"}
	for l.Side<<r.Detail < dds.MaxSide {
		r.Detail++
	}
	return r
}

// Write makes an archive of contents. An unfinished one is flushed to the disk but not completed.
func Write(ctx context.Context, path string, list []*mbtiles.Content, finish bool) (err error) {
	w, err := mbtiles.Create(ctx, path, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for i, c := range list {
		if err := w.Put(ctx, record(i, c.Layout()), c); err != nil {
			return err
		}
	}
	if !finish {
		return nil
	}
	return w.Finish(ctx, map[string]string{"name": "bench"})
}

// Archive makes an archive of textures, from the first on, for as long as more returns true. file
// returns their files; nil means the same file as the previous texture, which is stored only once.
func Archive(ctx context.Context, path string, first int, compression mbtiles.Compression,
	more func(i int, w *mbtiles.Writer) bool, file func(i int) ([]byte, error)) (err error) {
	w, err := mbtiles.Create(ctx, path, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	g, putting := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		g.Go(func() error {
			encoder := mbtiles.NewEncoder(compression)
			var content *mbtiles.Content
			for i := worker; more(i, w); i += workers {
				data, err := file(i)
				if err != nil {
					return err
				}
				if data != nil {
					if content, err = encoder.Encode(data); err != nil {
						return err
					}
				}
				if err := w.Put(putting, record(first+i, content.Layout()), content); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return w.Finish(ctx, nil)
}
