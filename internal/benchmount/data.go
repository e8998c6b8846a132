package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
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
	wholeTextures = 48      // of 11.2 MB, each with pixels of its own
	tailTextures  = 1500    // whose small levels are their own; the large ones are flat, for the sake of the disk
	manyNames     = 50_000  // for stat and ls
	mostNames     = 100_000 // for the start
)

// data makes what is served, each piece when it is first asked for. What lies in dir already is used as it is.
type data struct {
	dir, chunks string
	source      fetch.Source // nil: not opened yet
	invented    bool
}

// imagery says where the pixels come from.
func (d *data) imagery() string {
	if d.invented {
		return "invented imagery"
	}
	return "textures of real imagery (set C)"
}

// make has fill make dir/name unless it is there.
func (d *data) make(name string, fill func(path string) error) (string, error) {
	path := filepath.Join(d.dir, name)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	fmt.Fprintf(os.Stderr, "benchmount: making %s\n", name)
	tmp := path + ".new" + filepath.Ext(path)
	if err := errors.Join(os.RemoveAll(tmp), os.RemoveAll(tmp+".part")); err != nil {
		return "", err
	}
	if err := fill(tmp); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	return path, os.Rename(tmp, path)
}

// name is the i-th texture of every set.
func name(i int) tiles.Texture {
	const across = 250
	return tiles.Texture{Row: uint32(16 * (1000 + i/across)), Col: uint32(16 * (1000 + i%across)), ZL: 16, Maptype: "BI"}
}

// paths returns those of n textures in a mount's textures folder.
func paths(mountpoint string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = filepath.Join(mountpoint, "textures", name(i).File())
	}
	return all
}

// shuffled gives the chunks of the set in an order of its own to each texture.
type shuffled struct{ dir string }

func (s shuffled) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) {
	order := rand.New(rand.NewPCG(uint64(c.X/16), uint64(c.Y/16))).Perm(256)
	i := order[c.Y%16*16+c.X%16]
	return os.ReadFile(filepath.Join(s.dir, fmt.Sprintf("%02d_%02d.jpg", i/16, i%16)))
}

func (d *data) open() {
	d.source = shuffled{d.chunks}
	if _, err := os.Stat(filepath.Join(d.chunks, "00_00.jpg")); err != nil {
		d.source, d.invented = fetch.Sample(), true
	}
}

// plain makes a folder with the whole textures in it.
func (d *data) plain(ctx context.Context) (string, error) {
	d.open()
	return d.make("plain", func(path string) error {
		dir := filepath.Join(path, "textures")
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		p := pack.New(pack.Options{Source: d.source, MaxZL: tiles.MaxZL})
		defer func() { _ = p.Close() }()
		for i := range wholeTextures {
			built, err := p.Texture(ctx, tiles.Item{Texture: name(i)})
			if err != nil {
				return err
			}
			if built.Failed > 0 {
				return built.Cause
			}
			if err := os.WriteFile(filepath.Join(dir, name(i).File()), built.File, 0o666); err != nil {
				return err
			}
			built.Release()
		}
		return nil
	})
}

// archive makes an archive of n textures whose files file returns; a nil file is that of the texture before, which is put only once.
func (d *data) archive(ctx context.Context, label string, n int, compression mbtiles.Compression, file func(i int) ([]byte, error)) (string, error) {
	return d.make(label+".mbtiles", func(path string) error {
		w, err := mbtiles.Create(ctx, path, mbtiles.WriterOptions{})
		if err != nil {
			return err
		}
		defer func() { _ = w.Close() }()
		g, putting := errgroup.WithContext(ctx)
		workers := runtime.GOMAXPROCS(0)
		for worker := range workers {
			g.Go(func() error {
				encoder := mbtiles.NewEncoder(compression)
				var content *mbtiles.Content
				for i := worker; i < n; i += workers {
					data, err := file(i)
					if err != nil {
						return err
					}
					if data != nil {
						if content, err = encoder.Encode(data); err != nil {
							return err
						}
					}
					r := mbtiles.Record{Texture: name(i), Chunks: 256, Provider: "bench"}
					for side := content.Layout().Side; side<<r.Detail < dds.MaxSide; {
						r.Detail++
					}
					if err := w.Put(putting, r, content); err != nil {
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
	})
}

// whole makes an archive of the files of plain.
func (d *data) whole(ctx context.Context, compression mbtiles.Compression) (string, error) {
	plain, err := d.plain(ctx)
	if err != nil {
		return "", err
	}
	return d.archive(ctx, "whole-"+compression.String(), wholeTextures, compression, func(i int) ([]byte, error) {
		return os.ReadFile(filepath.Join(plain, "textures", name(i).File()))
	})
}

// names makes an archive of n textures that share one small file.
func (d *data) names(ctx context.Context, n int) (string, error) {
	l := dds.Layout{Format: dds.BC1, Side: 256}
	file := make([]byte, l.Size())
	header := l.Header()
	copy(file, header[:])
	return d.archive(ctx, fmt.Sprintf("names-%d", n), n, mbtiles.Fast, func(i int) ([]byte, error) {
		if i < 2*runtime.GOMAXPROCS(0) {
			return file, nil
		}
		return nil, nil
	})
}

// tails makes an archive of textures whose small levels are one of the whole ones', changed a little each time.
func (d *data) tails(ctx context.Context) (string, error) {
	plain, err := d.plain(ctx)
	if err != nil {
		return "", err
	}
	const tail = 174_776
	return d.archive(ctx, "tails", tailTextures, mbtiles.Fast, func(i int) ([]byte, error) {
		file, err := os.ReadFile(filepath.Join(plain, "textures", name(i%wholeTextures).File()))
		if err != nil {
			return nil, err
		}
		clear(file[dds.HeaderSize : len(file)-tail])
		binary.LittleEndian.PutUint32(file[len(file)-tail:], uint32(i))
		return file, nil
	})
}
