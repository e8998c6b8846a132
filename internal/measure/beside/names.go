package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/internal/process"
)

// many returns the bare file system and xelpack's, without scenery and with a package of one
// terrain file, with the same number of names.
func (m *mounts) many(ctx context.Context) (bare, ours, scenery *candidate, err error) {
	files, errFiles := m.files(fmt.Sprintf("files-%d", manyNames), manyNames, textureFile)
	archive, errArchive := m.names(ctx, manyNames)
	small, errSmall := m.files("scenery", 0, nil)
	if err := cmp.Or(errFiles, errArchive, errSmall); err != nil {
		return nil, nil, nil, err
	}
	const ter = "A\n800\nTERRAIN\n\nBASE_TEX_NOWRAP ../textures/16_16_BI16.dds\n"
	if err := os.WriteFile(filepath.Join(small, "terrain", "16_16_BI16.ter"), []byte(ter),
		0o666); err != nil {
		return nil, nil, nil, err
	}
	bare, err = m.bare(files)
	return bare, m.xelpack("xelpack", archive),
		m.xelpack("xelpack over scenery", archive, "--scenery", small, "--live", "off"), err
}

// statAll asks for every name once, so that no answer is remembered.
func statAll(_ context.Context, at string) (done, error) {
	return each(texturePaths(at, 0, manyNames), 4, stat)
}

func statStorm(ctx context.Context, m *mounts) ([]row, error) {
	bare, ours, scenery, err := m.many(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.turns(ctx, statAll, bare, ours, scenery); err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range []*candidate{ours, scenery} {
		rows = append(rows, row{"stat of 50,000 names, each once (" + c.name + ")",
			"≥ 60 % of bare go-fuse",
			fmt.Sprintf("%.0f %%: %.0f/s", 100*c.rate()/bare.rate(),
				c.rate()), fmt.Sprintf("bare go-fuse %.0f/s", bare.rate())})
	}
	return rows, nil
}

func listNames(ctx context.Context, m *mounts) ([]row, error) {
	bare, ours, scenery, err := m.many(ctx)
	if err != nil {
		return nil, err
	}
	ls := func(ctx context.Context, at string) (done, error) {
		start := time.Now()
		err := exec.CommandContext(ctx, "ls", "-l", filepath.Join(at, "textures")).Run()
		return done{seconds: time.Since(start).Seconds()}, err
	}
	if err := m.turns(ctx, ls, bare, ours, scenery); err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range []*candidate{ours, scenery} {
		rows = append(rows, row{"ls -l of 50,000 textures (" + c.name + ")", "≤ 4 s (2 s)",
			fmt.Sprintf("%.2f s", c.best.seconds),
			fmt.Sprintf("bare go-fuse %.2f s", bare.best.seconds)})
	}
	return rows, nil
}

// start returns the least time from start to first answer of a mount.
func (m *mounts) start(ctx context.Context, c *candidate) (best measure.Best, err error) {
	for range 2 * m.Rounds {
		err := c.with(ctx, func(s *measure.Server) error {
			best.Take(s.Started)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return best, nil
}

func startUp(ctx context.Context, m *mounts) ([]row, error) {
	archive, err := m.names(ctx, mostNames)
	if err := cmp.Or(err, measure.Warm(archive)); err != nil {
		return nil, err
	}
	best, err := m.start(ctx, m.xelpack("xelpack", archive))
	return []row{{"mount start, 100,000 textures, from the start of the process", "≤ 0.3 s",
		fmt.Sprintf("%.2f s", best.Seconds()), ""}}, err
}

// million shows the cost of a huge scenery folder: nothing until it is used, and no memory when it
// is listed.
func million(ctx context.Context, m *mounts) ([]row, error) {
	huge, errHuge := m.files("million", terrainFiles, terrainFile)
	archive, err := m.names(ctx, manyNames)
	if err := cmp.Or(errHuge, err); err != nil {
		return nil, err
	}
	over := func() *candidate {
		return m.xelpack("xelpack", archive, "--scenery", huge, "--live", "off")
	}
	started, errStarted := m.start(ctx, over())
	alone, err := m.start(ctx, m.xelpack("xelpack", archive))
	if err := cmp.Or(errStarted, err); err != nil {
		return nil, err
	}
	var memory int64
	err = over().with(ctx, func(s *measure.Server) error {
		n, err := list(filepath.Join(s.Mountpoint, "terrain"))
		if err == nil && n != terrainFiles {
			err = fmt.Errorf("%d files are listed, want %d", n, terrainFiles)
		}
		var errMemory error
		memory, errMemory = process.PeakMemory(s.Process.Pid)
		return errors.Join(err, errMemory)
	})
	if err != nil {
		return nil, err
	}
	rows := []row{
		{"mount start over a package of 1,000,000 terrain files, --live off",
			"neither listed nor stat-ed", fmt.Sprintf("%.3f s", started.Seconds()),
			fmt.Sprintf("without the package %.3f s", alone.Seconds())},
	}
	for _, op := range []struct {
		what string
		do   func(path string) (int, error)
		path string
	}{
		{"the first stat of one of its names", stat, terrainFile("", terrainFiles/2)},
		{"the first open of one", open, terrainFile("", terrainFiles/2)},
		{"listing it", list, "terrain"},
	} {
		bare, err := m.bare(huge)
		if err != nil {
			return nil, err
		}
		ours := over()
		one := func(_ context.Context, at string) (done, error) {
			return each([]string{filepath.Join(at, op.path)}, 1, op.do)
		}
		if err := m.turns(ctx, one, bare, ours); err != nil {
			return nil, err
		}
		rows = append(rows, row{op.what, "", clock(ours.best.seconds),
			"bare go-fuse " + clock(bare.best.seconds)})
	}
	return append(rows, row{"the most memory of the server, with that listing", "",
		fmt.Sprintf("%d MB", memory/1e6), ""}), nil
}
