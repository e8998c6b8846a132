package soak

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/xelpack/xelpack/pkg/tiles"
)

// Config is one run.
type Config struct {
	World  *World
	Dir    string // the mountpoint
	Server int    // the process that serves it, for samples
	// Goroutines returns the number of the server's goroutines; may be nil.
	Goroutines func() int
	// Deadline is the mount's deadline for an open.
	Deadline time.Duration
	// Grace is how much later than the deadline an answer may come. Default 1 s.
	Grace    time.Duration
	Duration time.Duration
	// Pace is the interval of bursts; a slower one is followed at once by the next. Default 5 s.
	Pace time.Duration
	// Settle is how long the server may take to come to rest, after the first window and at the
	// end, before it is sampled. Default 2 min: a texture that nobody waits for may still be in the
	// making.
	Settle time.Duration
	// Every is the interval of samples. Default 1 s.
	Every time.Duration
	// Parallel is how many textures are read at once. Default 50.
	Parallel int
	Seed     uint64
	// Said is called with the progress once a minute, and Wrong with each error when it is found;
	// both may be nil.
	Said  func(r Report)
	Wrong func(t tiles.Texture, err error)
}

func (c *Config) setDefaults() {
	c.Grace = cmp.Or(c.Grace, time.Second)
	c.Pace = cmp.Or(c.Pace, 5*time.Second)
	c.Settle = cmp.Or(c.Settle, 2*time.Minute)
	c.Every = cmp.Or(c.Every, time.Second)
	c.Parallel = cmp.Or(c.Parallel, 50)
}

// Run loads the first window, then loads the mount for c.Duration or until ctx ends, and returns
// the report.
func Run(ctx context.Context, c Config) Report {
	c.setDefaults()
	start := time.Now()
	t := newTally()
	s := &sampler{config: c, start: start}
	sampling, stop := context.WithCancel(ctx)
	var sampled sync.WaitGroup
	sampled.Go(func() { s.run(sampling) })

	r, said := Report{}, start
	todo := make(chan tiles.Texture)
	var visitors, burst sync.WaitGroup // burst is the current burst
	for i := range c.Parallel {
		v := newVisitor(c, t, rand.New(rand.NewPCG(c.Seed, uint64(i))))
		visitors.Go(func() {
			for x := range todo {
				if err := v.visit(x); err != nil {
					t.fail(x, err)
					if c.Wrong != nil {
						c.Wrong(x, err)
					}
				}
				burst.Done()
			}
		})
	}
	load := func(ctx context.Context, wanted []tiles.Texture) {
		begun := time.Now()
		for _, x := range wanted {
			if ctx.Err() != nil {
				break
			}
			burst.Add(1)
			todo <- x
		}
		burst.Wait()
		r.Bursts++
		r.LongestBurst = max(r.LongestBurst, time.Since(begun))
		pause(ctx, c.Pace-time.Since(begun))
	}
	f := newFlight(c.World, rand.New(rand.NewPCG(c.Seed, 1<<32)))
	load(ctx, f.first())
	// includes what is allocated once, such as connections
	r.First = s.rest(ctx, func(Sample) bool { return true })
	loading, cancel := context.WithTimeout(ctx, c.Duration)
	defer cancel()
	for loading.Err() == nil {
		load(loading, f.next())
		if c.Said != nil && time.Since(said) > time.Minute {
			said = time.Now()
			r.fill(t, s)
			c.Said(r)
		}
	}
	close(todo)
	visitors.Wait()
	r.Last = s.rest(ctx, func(s Sample) bool { return !s.grown(r.First) })
	stop()
	sampled.Wait()
	r.Duration = time.Since(start)
	r.fill(t, s)
	return r
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
