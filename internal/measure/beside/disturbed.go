package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"time"

	"github.com/xelpack/xelpack/internal/measure"
	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// stuckOpens is how many opens wait for a provider that never answers.
const stuckOpens = 1000

// deadProvider listens, takes requests and never answers one.
func deadProvider(ctx context.Context) (url string, stop func() error, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/{z}/{x}/{y}.jpg", l.Close, nil
}

// stuck compares archived reads, stat and listing before and while many opens wait.
func stuck(ctx context.Context, m *mounts) ([]row, error) {
	archive, err := m.whole(ctx, mbtiles.Fast)
	if err != nil {
		return nil, err
	}
	names, err := m.names(ctx, manyNames)
	if err != nil {
		return nil, err
	}
	if err := measure.Warm(archive); err != nil {
		return nil, err
	}
	url, stop, err := deadProvider(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = stop() }()
	var rows []row
	c := m.xelpack("xelpack", names, archive, "--live", "any", "--provider", url, "--no-store",
		"--deadline", "10m")
	err = c.with(ctx, func(s *measure.Server) error {
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
			round := func(seconds float64) time.Duration {
				return time.Duration(seconds * 1e9).Round(time.Microsecond)
			}
			rows = append(rows, row{"1,000 opens stuck behind a dead provider: " + l.what,
				"≤ 2 × undisturbed (1.2 ×)",
				fmt.Sprintf("%.2f ×: %v", during/l.p99, round(during)), fmt.Sprintf(
					"undisturbed %v", round(l.p99))})
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
