package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/xelpack/xelpack/internal/process"
)

// terrainFiles is how many a package of a continent has.
const terrainFiles = 1_000_000

// terrain makes a scenery package of so many terrain files. They are empty: nobody reads them here.
func (d *data) terrain(ctx context.Context) (string, error) {
	return d.make("million", func(path string) error {
		dir := filepath.Join(path, "terrain")
		for _, name := range []string{"terrain", "textures"} {
			if err := os.MkdirAll(filepath.Join(path, name), 0o777); err != nil {
				return err
			}
		}
		g, ctx := errgroup.WithContext(ctx)
		const workers = 4
		for worker := range workers {
			g.Go(func() error {
				for i := worker; i < terrainFiles && ctx.Err() == nil; i += workers {
					if err := os.WriteFile(filepath.Join(dir, terrainName(i)), nil, 0o666); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
		}
		return g.Wait()
	})
}

func terrainName(i int) string { return name(i).Name() + ".ter" }

// million shows what a huge folder of the scenery costs: nothing until it is asked for, and no memory when it is listed.
func million(ctx context.Context, b *bench) ([]row, error) {
	huge, err := b.data.terrain(ctx)
	if err != nil {
		return nil, err
	}
	archive, err := b.data.names(ctx, manyNames)
	if err != nil {
		return nil, err
	}
	one := func(m string) []string { return []string{filepath.Join(m, "terrain", terrainName(terrainFiles/2))} }
	all := func(m string) []string { return []string{filepath.Join(m, "terrain")} }
	mount := b.xelpack(archive, "--scenery", huge, "--live", "off")
	none := b.xelpack(archive)
	var started, alone time.Duration
	var memory int64
	for range b.rounds {
		err := with(ctx, none, func(s *server) error { alone = least(alone, s.started); return nil })
		if err != nil {
			return nil, err
		}
		err = with(ctx, mount, func(s *server) (err error) {
			started = least(started, s.started)
			d, err := load{Op: "list", Parallel: 1, Paths: all(s.mountpoint)}.run()
			if err != nil {
				return err
			}
			if d.Bytes != terrainFiles {
				return fmt.Errorf("%d files are listed, want %d", d.Bytes, terrainFiles)
			}
			most, err := process.PeakMemory(s.cmd.Process.Pid)
			memory = max(memory, most)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	rows := []row{
		{"mount start over a package of 1,000,000 terrain files, --live off", "neither listed nor stat-ed", fmt.Sprintf("%.3f s", started.Seconds()), fmt.Sprintf("without the package %.3f s", alone.Seconds())},
	}
	for _, op := range []struct {
		what, op string
		paths    func(string) []string
	}{{"the first stat of one of its names", "stat", one}, {"the first open of one", "open", one}, {"listing it", "list", all}} {
		bare := &candidate{name: "bare go-fuse", mount: b.bare(huge), paths: op.paths}
		ours := &candidate{name: "xelpack", mount: mount, paths: op.paths}
		if err := b.turns(ctx, load{Op: op.op, Parallel: 1}, bare, ours); err != nil {
			return nil, err
		}
		rows = append(rows, row{op.what, "", inWords(ours.best.Seconds), "bare go-fuse " + inWords(bare.best.Seconds)})
	}
	return append(rows, row{"the most memory of the server, with that listing", "", fmt.Sprintf("%d MB", memory/1e6), ""}), nil
}

func least(before, d time.Duration) time.Duration {
	if before == 0 {
		return d
	}
	return min(before, d)
}

func inWords(seconds float64) string {
	return time.Duration(seconds * 1e9).Round(time.Microsecond).String()
}
