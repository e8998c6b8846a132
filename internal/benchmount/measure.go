package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// measurement makes rows of the table.
type measurement struct {
	name string
	run  func(context.Context, *bench) ([]row, error)
	long bool // what it needs takes so long to make that it is only run when asked for
}

var measurements = []measurement{
	{name: "whole raw", run: wholeRaw},
	{name: "whole compressed", run: wholeCompressed},
	{name: "one reader", run: oneReader},
	{name: "tails", run: tails},
	{name: "stat", run: statStorm},
	{name: "start", run: startUp},
	{name: "stuck", run: stuck},
	{name: "ls", run: listing},
	{name: "priority", run: priority},
	{name: "million", run: million, long: true},
}

// candidate is one of those that take turns.
type candidate struct {
	name  string
	mount func(context.Context) (*server, error)
	paths func(mountpoint string) []string
	best  done
}

// turns measures the same load on every candidate, rounds times on fresh mounts, and keeps the quickest.
func (b *bench) turns(ctx context.Context, l load, candidates ...*candidate) error {
	for range b.rounds {
		for _, c := range candidates {
			err := with(ctx, c.mount, func(s *server) error {
				l.Paths = c.paths(s.mountpoint)
				d, err := l.run()
				if err == nil && (c.best.Seconds == 0 || d.Seconds < c.best.Seconds) {
					c.best = d
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

func (c *candidate) speed() float64 { return float64(c.best.Bytes) / c.best.Seconds / 1e9 }
func (c *candidate) rate() float64  { return float64(c.best.Files) / c.best.Seconds }

func wholePaths(mountpoint string) []string { return paths(mountpoint, wholeTextures) }

// wholeLoad is four readers.
var wholeLoad = load{Op: "whole", Parallel: 4}

func wholeRaw(ctx context.Context, b *bench) ([]row, error) {
	plain, err := b.data.plain(ctx)
	if err != nil {
		return nil, err
	}
	archive, err := b.data.whole(ctx, mbtiles.None)
	if err != nil {
		return nil, err
	}
	bare := &candidate{name: "bare go-fuse", mount: b.bare(plain), paths: wholePaths}
	ours := &candidate{name: "xelpack", mount: b.xelpack(archive), paths: wholePaths}
	for _, source := range []string{plain, archive} {
		if err := warm(source); err != nil {
			return nil, err
		}
	}
	if err := b.turns(ctx, wholeLoad, bare, ours); err != nil {
		return nil, err
	}
	return []row{{"whole textures, raw, 4 readers", "≥ 80 % of bare go-fuse (100 %)",
		fmt.Sprintf("%.0f %%: %.2f GB/s", 100*ours.speed()/bare.speed(), ours.speed()), fmt.Sprintf("bare go-fuse %.2f GB/s", bare.speed())}}, nil
}

func wholeCompressed(ctx context.Context, b *bench) ([]row, error) {
	plain, err := b.data.plain(ctx)
	if err != nil {
		return nil, err
	}
	var rows []row
	var squashed []*candidate
	beside := "not installed: squashfuse, squashfs-tools"
	if _, err := exec.LookPath("squashfuse_ll"); err == nil {
		for _, block := range []string{"128K", "1M"} {
			image, err := b.data.make("zstd-"+block+".squashfs", func(path string) error {
				return exec.CommandContext(ctx, "mksquashfs", plain, path, "-comp", "zstd", "-b", block, "-no-progress", "-quiet").Run()
			})
			if err != nil {
				return nil, err
			}
			squashed = append(squashed, &candidate{name: "squashfuse_ll zstd " + block, mount: b.squashfuse(image), paths: wholePaths})
			if err := warm(image); err != nil {
				return nil, err
			}
		}
	}
	candidates := squashed
	for _, compression := range []mbtiles.Compression{mbtiles.Fast, mbtiles.Best} {
		archive, err := b.data.whole(ctx, compression)
		if err != nil {
			return nil, err
		}
		if err := warm(archive); err != nil {
			return nil, err
		}
		candidates = append(candidates, &candidate{name: "xelpack " + compression.String(), mount: b.xelpack(archive), paths: wholePaths})
	}
	if err := b.turns(ctx, wholeLoad, candidates...); err != nil {
		return nil, err
	}
	rival := 0.0
	for i, c := range squashed {
		if i == 0 {
			beside = ""
		} else {
			beside += ", "
		}
		beside += fmt.Sprintf("%s %.2f GB/s", c.name, c.speed())
		rival = max(rival, c.speed())
	}
	for _, c := range candidates[len(squashed):] {
		measured := fmt.Sprintf("%.2f GB/s", c.speed())
		if rival > 0 {
			measured = fmt.Sprintf("%.1f ×: %s", c.speed()/rival, measured)
		}
		rows = append(rows, row{"whole textures, compressed (" + c.name + "), 4 readers", "≥ 1.5 × the better squashfuse_ll (3 ×)", measured, beside})
	}
	return rows, nil
}

// oneReader shows what reading ahead gains: with four readers every processor is busy anyway.
func oneReader(ctx context.Context, b *bench) ([]row, error) {
	plain, err := b.data.plain(ctx)
	if err != nil {
		return nil, err
	}
	archive, err := b.data.whole(ctx, mbtiles.Fast)
	if err != nil {
		return nil, err
	}
	for _, source := range []string{plain, archive} {
		if err := warm(source); err != nil {
			return nil, err
		}
	}
	bare := &candidate{name: "bare go-fuse", mount: b.bare(plain), paths: wholePaths}
	ours := &candidate{name: "xelpack", mount: b.xelpack(archive), paths: wholePaths}
	if err := b.turns(ctx, load{Op: "whole", Parallel: 1}, bare, ours); err != nil {
		return nil, err
	}
	return []row{{"whole textures, compressed (xelpack fast), 1 reader", "", fmt.Sprintf("%.2f GB/s", ours.speed()), fmt.Sprintf("bare go-fuse, plain files, %.2f GB/s", bare.speed())}}, nil
}

func tails(ctx context.Context, b *bench) ([]row, error) {
	archive, err := b.data.tails(ctx)
	if err != nil {
		return nil, err
	}
	if err := warm(archive); err != nil {
		return nil, err
	}
	ours := &candidate{name: "xelpack", mount: b.xelpack(archive), paths: func(m string) []string { return paths(m, tailTextures) }}
	if err := b.turns(ctx, load{Op: "tails", Parallel: 50, Count: 4 * tailTextures}, ours); err != nil {
		return nil, err
	}
	raw, err := b.data.whole(ctx, mbtiles.None)
	if err != nil {
		return nil, err
	}
	if err := warm(raw); err != nil {
		return nil, err
	}
	few := &candidate{name: "xelpack raw", mount: b.xelpack(raw), paths: wholePaths}
	if err := b.turns(ctx, load{Op: "tails", Parallel: 50, Count: 4 * tailTextures}, few); err != nil {
		return nil, err
	}
	const must = "≥ 3,000 textures/s (6,000)"
	return []row{
		{"header + tail, random textures, 50 in flight, raw", must, fmt.Sprintf("%.0f textures/s", few.rate()), ""},
		{"header + tail, random textures, 50 in flight, compressed (xelpack fast)", must, fmt.Sprintf("%.0f textures/s", ours.rate()), ""},
	}, nil
}

// manyFiles makes a folder of empty files named like the archive's textures.
func (b *bench) manyFiles(n int) (string, error) {
	return b.data.make(fmt.Sprintf("files-%d", n), func(path string) error {
		if err := os.MkdirAll(filepath.Join(path, "textures"), 0o777); err != nil {
			return err
		}
		for _, p := range paths(path, n) {
			if err := os.WriteFile(p, nil, 0o666); err != nil {
				return err
			}
		}
		return nil
	})
}

// many returns the bare file system and xelpack's, without scenery and with a package of one terrain file, over as many names.
func (b *bench) many(ctx context.Context) (bare, ours, scenery *candidate, err error) {
	files, err := b.manyFiles(manyNames)
	if err != nil {
		return nil, nil, nil, err
	}
	archive, err := b.data.names(ctx, manyNames)
	if err != nil {
		return nil, nil, nil, err
	}
	empty, err := b.data.make("scenery", func(path string) error {
		const ter = "A\n800\nTERRAIN\n\nBASE_TEX_NOWRAP ../textures/16_16_BI16.dds\n"
		return errors.Join(os.MkdirAll(filepath.Join(path, "textures"), 0o777), os.MkdirAll(filepath.Join(path, "terrain"), 0o777),
			os.WriteFile(filepath.Join(path, "terrain", "16_16_BI16.ter"), []byte(ter), 0o666))
	})
	if err != nil {
		return nil, nil, nil, err
	}
	all := func(m string) []string { return paths(m, manyNames) }
	return &candidate{name: "bare go-fuse", mount: b.bare(files), paths: all},
		&candidate{name: "xelpack", mount: b.xelpack(archive), paths: all},
		&candidate{name: "xelpack over scenery", mount: b.xelpack(archive, "--scenery", empty, "--live", "off"), paths: all}, nil
}

func statStorm(ctx context.Context, b *bench) ([]row, error) {
	bare, ours, scenery, err := b.many(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.turns(ctx, load{Op: "stat", Parallel: 4}, bare, ours, scenery); err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range []*candidate{ours, scenery} {
		rows = append(rows, row{"stat of 50,000 names, each once (" + c.name + ")", "≥ 60 % of bare go-fuse",
			fmt.Sprintf("%.0f %%: %.0f/s", 100*c.rate()/bare.rate(), c.rate()), fmt.Sprintf("bare go-fuse %.0f/s", bare.rate())})
	}
	return rows, nil
}

func startUp(ctx context.Context, b *bench) ([]row, error) {
	archive, err := b.data.names(ctx, mostNames)
	if err != nil {
		return nil, err
	}
	if err := warm(archive); err != nil {
		return nil, err
	}
	var best time.Duration
	for range 2 * b.rounds {
		err := with(ctx, b.xelpack(archive), func(s *server) error {
			if best == 0 || s.started < best {
				best = s.started
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return []row{{"mount start, 100,000 textures, from the start of the process", "≤ 0.3 s", fmt.Sprintf("%.2f s", best.Seconds()), ""}}, nil
}

func listing(ctx context.Context, b *bench) ([]row, error) {
	bare, ours, scenery, err := b.many(ctx)
	if err != nil {
		return nil, err
	}
	for range b.rounds {
		for _, c := range []*candidate{bare, ours, scenery} {
			err := with(ctx, c.mount, func(s *server) error {
				start := time.Now()
				err := exec.CommandContext(ctx, "ls", "-l", filepath.Join(s.mountpoint, "textures")).Run()
				if d := time.Since(start).Seconds(); c.best.Seconds == 0 || d < c.best.Seconds {
					c.best.Seconds = d
				}
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	var rows []row
	for _, c := range []*candidate{ours, scenery} {
		rows = append(rows, row{"ls -l of 50,000 textures (" + c.name + ")", "≤ 4 s (2 s)", fmt.Sprintf("%.2f s", c.best.Seconds), fmt.Sprintf("bare go-fuse %.2f s", bare.best.Seconds)})
	}
	return rows, nil
}
