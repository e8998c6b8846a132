package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/internal/testing/fetchtest"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// stuckOpens is how many opens wait for a provider that never answers.
const stuckOpens = 1000

// stuck compares archived reads, stat and listing before and while many opens wait.
func stuck(ctx context.Context, m *mounts) ([]row, error) {
	archive, errArchive := m.whole(ctx, mbtiles.Fast)
	names, errNames := m.names(ctx, manyNames)
	if err := cmp.Or(errArchive, errNames, measure.Warm(archive)); err != nil {
		return nil, err
	}
	dead := fetchtest.NewServer(fetchtest.Options{Fault: fetchtest.Always(fetchtest.Stall)})
	defer dead.Close()
	var rows []row
	c := m.xelpack("xelpack", names, archive, "--live", "any", "--provider", dead.Template(),
		"--no-store", "--deadline", "10m")
	err := c.with(ctx, func(s *measure.Server) error {
		small := texturePaths(s.Mountpoint, wholeTextures, manyNames-wholeTextures)
		listings := make([]string, 20)
		for i := range listings {
			listings[i] = filepath.Join(s.Mountpoint, "textures")
		}
		loads := []struct {
			what string
			run  func() (done, error)
			p99  float64 // undisturbed
		}{
			{what: "archived header + tail reads, 4 readers, p99", run: func() (done, error) {
				return readTails(wholeTextures, 20_000, 4)(ctx, s.Mountpoint)
			}},
			{what: "stat of names not asked for before, p99", run: func() (done, error) {
				// each name is stat-ed once: the kernel remembers it after that
				some := small[:min(len(small), manyNames/(2*m.Rounds+1))]
				small = small[len(some):]
				return each(some, 4, stat)
			}},
			{what: "listing of 50,000 names, p99", run: func() (done, error) {
				return each(listings, 1, list)
			}},
		}
		for i := range loads {
			var err error
			if loads[i].p99, err = quickest(m.Rounds, loads[i].run); err != nil {
				return err
			}
		}
		kill, err := opening(ctx, s.Mountpoint, stuckOpens, stuckOpens)
		if err != nil {
			return err
		}
		defer kill()
		time.Sleep(3 * time.Second) // until all wait
		for _, l := range loads {
			during, err := quickest(m.Rounds, l.run)
			if err != nil {
				return err
			}
			rows = append(rows, row{"1,000 opens stuck behind a dead provider: " + l.what,
				"≤ 2 × undisturbed (1.2 ×)", fmt.Sprintf("%.2f ×: %s", during/l.p99, clock(during)),
				"undisturbed " + clock(l.p99)})
		}
		return nil
	})
	return rows, err
}

// priority compares the speed of a program that uses every processor while live textures are made,
// as fast as possible, with its speed alone.
func priority(ctx context.Context, m *mounts) ([]row, error) {
	archive, err := m.names(ctx, manyNames)
	if err != nil {
		return nil, err
	}
	simulator := func() error {
		_, err := each(make([]string, 6000), runtime.NumCPU(), spin)
		return err
	}
	c := m.xelpack("xelpack", archive, "--live", "any", "--provider", "sample", "--prefetch", "off",
		"--deadline", "10m")
	var alone, beside measure.Best
	for range m.Rounds {
		if err := alone.Time(simulator); err != nil {
			return nil, err
		}
		err := c.with(ctx, func(s *measure.Server) error {
			kill, err := opening(ctx, s.Mountpoint, 2000, 50)
			if err != nil {
				return err
			}
			defer kill()
			return beside.Time(simulator)
		})
		if err != nil {
			return nil, err
		}
	}
	return []row{{"a program on every processor, while live textures are made: its speed", "",
		fmt.Sprintf("%.0f %% of that alone", 100*alone.Seconds()/beside.Seconds()), ""}}, nil
}
