package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// written is how many textures are written to measure it: several transactions of them, and enough that making the file and its last syncs do not decide.
const written = 96

// write puts encoded textures into an archive until all of them are committed, and in turns writes and syncs as many bytes as plain files, one a texture.
func write(ctx context.Context, s *subject) (string, error) {
	enc := mbtiles.NewEncoder(mbtiles.Fast)
	contents := make([]*mbtiles.Content, written)
	bytes := int64(0)
	for i := range contents {
		file := slices.Clone(s.files[i%len(s.files)])
		file[len(file)-1] = byte(i) // another texture, as far as the archive is concerned
		var err error
		if contents[i], err = enc.Encode(file); err != nil {
			return "", err
		}
		bytes += contents[i].Bytes()
	}
	var archive, plain time.Duration
	for range s.rounds {
		for _, w := range [...]struct {
			best *time.Duration
			do   func(ctx context.Context, dir string, s *subject, contents []*mbtiles.Content) error
		}{{&archive, writeArchive}, {&plain, writePlain}} {
			dir, err := os.MkdirTemp(s.dir, "write")
			if err != nil {
				return "", err
			}
			start := time.Now()
			err = w.do(ctx, dir, s, contents)
			took := time.Since(start)
			if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
				return "", err
			}
			if *w.best == 0 || took < *w.best {
				*w.best = took
			}
		}
	}
	mb := func(d time.Duration) float64 { return float64(bytes) / 1e6 / d.Seconds() }
	return fmt.Sprintf("%.0f %% (%.0f of %.0f MB/s)", 100*plain.Seconds()/archive.Seconds(), mb(archive), mb(plain)), nil
}

func writeArchive(ctx context.Context, dir string, s *subject, contents []*mbtiles.Content) error {
	w, err := mbtiles.Create(ctx, filepath.Join(dir, "a.mbtiles"), mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	for i, c := range contents {
		if err := w.Put(ctx, mbtiles.Record{Texture: s.texture(i), Chunks: chunks, Provider: "bench"}, c); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

func writePlain(_ context.Context, dir string, s *subject, contents []*mbtiles.Content) error {
	const piece = 256 << 10 // as the archive is given them
	for i, c := range contents {
		f, err := os.Create(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil {
			return err
		}
		for rest := s.files[i%len(s.files)][:min(c.Bytes(), full.Size())]; len(rest) > 0 && err == nil; rest = rest[min(piece, len(rest)):] {
			_, err = f.Write(rest[:min(piece, len(rest))])
		}
		if err == nil {
			err = f.Sync()
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
