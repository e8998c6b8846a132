package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/fetch"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	across = tiles.TextureChunks // chunks along a texture's side
	chunks = across * across
)

// full is the layout of every texture.
var full = dds.Layout{Format: dds.BC1, Side: dds.MaxSide}

// subject is one kind of imagery, as files and as an archive of them.
type subject struct {
	name       string
	rounds     int
	files      [][]byte // DDS
	mergeBytes int64    // of the archives that merge makes
	dir        string   // for whatever a figure writes; the archive stands in it
}

// archive is the path of the archive that build has made.
func (s *subject) archive() string { return filepath.Join(s.dir, "archive.mbtiles") }

// bytes is how much DDS the archive holds.
func (s *subject) bytes() int64 { return int64(len(s.files)) * full.Size() }

// texture names the texture that files[i] is packed as.
func (s *subject) texture(i int) tiles.Texture {
	return tiles.Texture{ZL: 16, Row: 23936 + uint32(i/4)*across, Col: 33696 + uint32(i%4)*across, Maptype: "BI"}
}

// build packs the files, at the compression that build uses.
func (s *subject) build(ctx context.Context) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	return s.pack(ctx, s.archive(), mbtiles.Fast)
}

// pack makes an archive of the files.
func (s *subject) pack(ctx context.Context, path string, c mbtiles.Compression) (err error) {
	w, err := mbtiles.Create(ctx, path, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	enc := mbtiles.NewEncoder(c)
	for i, file := range s.files {
		content, err := enc.Encode(file)
		if err != nil {
			return err
		}
		if err := w.Put(ctx, mbtiles.Record{Texture: s.texture(i), Chunks: chunks, Provider: "bench"}, content); err != nil {
			return err
		}
	}
	return w.Finish(ctx, nil)
}

// setC is the real imagery. Its 256 chunks make one texture; the others have the same chunks in other places. It is nil where the chunks are absent.
func setC(_ context.Context, o options) (*subject, error) {
	s := &subject{name: "set C", rounds: o.rounds, mergeBytes: o.merge}
	var jpegs [chunks][]byte
	for i := range jpegs {
		jpeg, err := os.ReadFile(filepath.Join(o.chunks, fmt.Sprintf("%02d_%02d.jpg", i/across, i%across)))
		if i == 0 && errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(os.Stderr, "bencharchive: set C is not measured: %v\n", err)
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		jpegs[i] = jpeg
	}
	for n := range o.textures {
		file, err := texture(func(i int) ([]byte, error) { return jpegs[(i*(2*n+1)+37*n)%chunks], nil })
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, file)
	}
	return s, nil
}

// generated is a coast of the sample provider.
func generated(ctx context.Context, o options) (*subject, error) {
	s := &subject{name: "generated", rounds: o.rounds, mergeBytes: o.merge}
	source := fetch.Sample()
	for n := range o.textures {
		t := s.texture(n)
		file, err := texture(func(i int) ([]byte, error) {
			return source.Fetch(ctx, tiles.Chunk{Z: t.ZL, X: t.Col + uint32(i%across), Y: t.Row + uint32(i/across)})
		})
		if err != nil {
			return nil, err
		}
		s.files = append(s.files, file)
	}
	return s, nil
}

// texture builds a texture of the chunks that jpeg gives.
func texture(jpeg func(i int) ([]byte, error)) ([]byte, error) {
	b, err := dds.NewBuilder(full, nil)
	if err != nil {
		return nil, err
	}
	w := dds.NewWorker()
	for i := range chunks {
		data, err := jpeg(i)
		if err == nil {
			err = w.AddJPEG(b, i/across, i%across, data)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("chunk %d: %w", i, err), w.Close())
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Finish()
}
