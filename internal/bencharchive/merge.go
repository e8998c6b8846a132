package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/pkg/dds"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// mergeRounds is how often everything is measured at most: it writes all bytes thrice a time.
const mergeRounds = 3

// merge compares merging two archives with copying them by cp, both until the bytes are on the disk, in turns.
func merge(ctx context.Context, s *subject) (text string, err error) {
	inputs := []string{filepath.Join(s.dir, "first.mbtiles"), filepath.Join(s.dir, "second.mbtiles")}
	total := int64(0)
	for i, path := range inputs {
		if err := s.vary(ctx, path, i, s.mergeBytes/2); err != nil {
			return "", err
		}
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		total += info.Size()
	}
	defer func() { err = errors.Join(err, os.Remove(inputs[0]), os.Remove(inputs[1])) }()

	ways := [...]struct {
		name string
		do   func() error
		best time.Duration
	}{
		{name: "cp", do: func() error { return copyAndSync(ctx, s.dir, inputs) }},
		{name: "merge", do: func() error { return mergeOnce(ctx, s.dir, inputs, true) }},
		{name: "merge --verify", do: func() error { return mergeOnce(ctx, s.dir, inputs, false) }},
	}
	for i := range ways {
		ways[i].best = math.MaxInt64
	}
	for range min(s.rounds, mergeRounds) {
		for i := range ways {
			if err := exec.CommandContext(ctx, "sync").Run(); err != nil {
				return "", fmt.Errorf("sync: %w", err)
			}
			start := time.Now()
			if err := ways[i].do(); err != nil {
				return "", fmt.Errorf("%s: %w", ways[i].name, err)
			}
			ways[i].best = min(ways[i].best, time.Since(start))
		}
	}
	rate := func(d time.Duration) float64 { return float64(total) / 1e6 / d.Seconds() }
	of := func(d time.Duration) float64 { return 100 * ways[0].best.Seconds() / d.Seconds() }
	return fmt.Sprintf("%.0f %% (%.0f of %.0f MB/s, %.1f GB); `--verify` %.0f %%", of(ways[1].best), rate(ways[1].best), rate(ways[0].best),
		float64(total)/1e9, of(ways[2].best)), nil
}

// vary makes an archive of at least so many bytes: the subject's textures over and over, each time a little different.
func (s *subject) vary(ctx context.Context, path string, which int, bytes int64) (err error) {
	w, err := mbtiles.Create(ctx, path, mbtiles.WriterOptions{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	g, gctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		g.Go(func() error {
			enc := mbtiles.NewEncoder(mbtiles.Fast)
			for i := worker; w.Stored() < bytes; i += workers {
				file := slices.Clone(s.files[i%len(s.files)])
				binary.LittleEndian.PutUint32(file[dds.HeaderSize+4:], uint32(2*i+which))
				content, err := enc.Encode(file)
				if err != nil {
					return err
				}
				at := tiles.Texture{ZL: 16, Row: uint32(16 * (i / 100)), Col: uint32(16 * (i%100 + 200*which)), Maptype: "BI"}
				if err := w.Put(gctx, mbtiles.Record{Texture: at, Chunks: chunks}, content); err != nil {
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

func copyAndSync(ctx context.Context, dir string, inputs []string) error {
	for i, path := range inputs {
		to := filepath.Join(dir, fmt.Sprintf("copy%d", i))
		defer func() { _ = os.Remove(to) }()
		if out, err := exec.CommandContext(ctx, "cp", path, to).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		f, err := os.Open(to)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func mergeOnce(ctx context.Context, dir string, paths []string, quick bool) (err error) {
	var inputs []*mbtiles.Archive
	for _, path := range paths {
		a, err := mbtiles.Open(ctx, path)
		if err != nil {
			return err
		}
		defer func() { _ = a.Close() }()
		inputs = append(inputs, a)
	}
	out := filepath.Join(dir, "merged.mbtiles")
	var o mbtiles.MergeOptions
	o.Quick = quick
	if _, err := mbtiles.Merge(ctx, out, inputs, o); err != nil {
		return err
	}
	return os.Remove(out)
}
