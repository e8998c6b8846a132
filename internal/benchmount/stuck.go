package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/xelpack/xelpack/pkg/mbtiles"
)

// stuckOpens is how many wait for a provider that never answers.
const stuckOpens = 1000

// deadProvider listens, takes requests and never answers one.
func deadProvider(ctx context.Context) (url string, stop func(), err error) {
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
			go func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() }()
		}
	}()
	return "http://" + l.Addr().String() + "/{z}/{x}/{y}.jpg", func() { _ = l.Close() }, nil
}

// stuck compares archived reads, stat and listing before and while many opens wait.
func stuck(ctx context.Context, b *bench) ([]row, error) {
	archive, err := b.data.whole(ctx, mbtiles.Fast)
	if err != nil {
		return nil, err
	}
	names, err := b.data.names(ctx, manyNames)
	if err != nil {
		return nil, err
	}
	if err := warm(archive); err != nil {
		return nil, err
	}
	url, stop, err := deadProvider(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	var rows []row
	err = with(ctx, b.xelpack(names, archive, "--live", "any", "--provider", url, "--no-store", "--deadline", "10m"), func(s *server) error {
		small := paths(s.mountpoint, manyNames)[wholeTextures:]
		loads := []struct {
			what string
			load
		}{
			{"archived header + tail reads, 4 readers, p99", load{Op: "tails", Paths: paths(s.mountpoint, wholeTextures), Parallel: 4, Count: 20_000}},
			{"stat of names not asked for before, p99", load{Op: "stat", Parallel: 4}},
			{"listing of 50,000 names, p99", load{Op: "list", Paths: []string{filepath.Join(s.mountpoint, "textures")}, Parallel: 1, Count: 20}},
		}
		fresh := func() []string { // each name is stat-ed once: the kernel remembers it after that
			n := min(len(small), manyNames/(2*b.rounds+1))
			some := small[:n]
			small = small[n:]
			return some
		}
		p99 := make([]time.Duration, len(loads)) // undisturbed
		for i, l := range loads {
			if p99[i], err = l.quickest(b.rounds, fresh); err != nil {
				return err
			}
		}
		missing := make([]string, stuckOpens)
		for i := range missing {
			missing[i] = filepath.Join(s.mountpoint, "textures", name(200_000+i).File())
		}
		_, kill, err := load{Op: "open", Paths: missing, Parallel: stuckOpens}.start()
		if err != nil {
			return err
		}
		defer kill()
		time.Sleep(3 * time.Second) // until all wait
		for i, l := range loads {
			during, err := l.quickest(b.rounds, fresh)
			if err != nil {
				return err
			}
			rows = append(rows, row{"1,000 opens stuck behind a dead provider: " + l.what, "≤ 2 × undisturbed (1.2 ×)",
				fmt.Sprintf("%.2f ×: %v", float64(during)/float64(p99[i]), during.Round(time.Microsecond)), fmt.Sprintf("undisturbed %v", p99[i].Round(time.Microsecond))})
		}
		return nil
	})
	return rows, err
}

// quickest runs l several times and returns the least p99. Without paths of its own it takes fresh ones each time.
func (l load) quickest(rounds int, fresh func() []string) (best time.Duration, err error) {
	own := l.Paths != nil
	for range rounds {
		if !own {
			l.Paths = fresh()
		}
		d, err := l.run()
		if err != nil {
			return 0, err
		}
		if p := d.percentile(0.99); best == 0 || p < best {
			best = p
		}
	}
	return best, nil
}
