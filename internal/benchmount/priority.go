package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
)

// priority compares what a program that wants every processor gets done while live textures are made, as fast as they can be, with what it gets done alone.
func priority(ctx context.Context, b *bench) ([]row, error) {
	archive, err := b.data.names(ctx, manyNames)
	if err != nil {
		return nil, err
	}
	simulator := load{Op: "spin", Paths: []string{""}, Parallel: runtime.NumCPU(), Count: 6000}
	var alone, beside done
	for range b.rounds {
		d, err := simulator.run()
		if err != nil {
			return nil, err
		}
		if alone.Seconds == 0 || d.Seconds < alone.Seconds {
			alone = d
		}
		err = with(ctx, b.xelpack(archive, "--live", "any", "--provider", "sample", "--prefetch", "off", "--deadline", "10m"), func(s *server) error {
			missing := make([]string, 2000)
			for i := range missing {
				missing[i] = filepath.Join(s.mountpoint, "textures", name(200_000+i).File())
			}
			_, kill, err := load{Op: "open", Paths: missing, Parallel: 50}.start()
			if err != nil {
				return err
			}
			defer kill()
			d, err := simulator.run()
			if err == nil && (beside.Seconds == 0 || d.Seconds < beside.Seconds) {
				beside = d
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return []row{{"a program on every processor, while live textures are made: its speed", "", fmt.Sprintf("%.0f %% of that alone", 100*alone.Seconds/beside.Seconds), ""}}, nil
}
