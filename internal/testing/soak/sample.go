package soak

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/procfs"
)

// Sample is the state of the server at a moment.
type Sample struct {
	At          time.Duration // since the beginning
	RSS         int64         // bytes of its own memory, without pages of files
	Descriptors int
	Goroutines  int
}

// sampler samples the server at intervals.
type sampler struct {
	config  Config
	start   time.Time
	mu      sync.Mutex
	samples []Sample
	err     error
}

// run samples until ctx ends.
func (s *sampler) run(ctx context.Context) {
	tick := time.NewTicker(s.config.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.take()
	}
}

// take takes one sample.
func (s *sampler) take() Sample {
	sample, err := s.config.look()
	sample.At = time.Since(s.start)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.err = err
		return sample
	}
	s.samples = append(s.samples, sample)
	return sample
}

// rest waits until the server is idle, as far as its goroutines and descriptors show: their numbers
// are stable, and enough accepts them. It returns the state at that time.
func (s *sampler) rest(ctx context.Context, enough func(Sample) bool) Sample {
	const still = time.Second
	now := s.take()
	since := time.Now()
	for end := since.Add(s.config.Settle); time.Now().Before(end) &&
		(time.Since(since) < still || !enough(now)) && ctx.Err() == nil; {
		pause(ctx, still/10)
		next := s.take()
		if next.Goroutines != now.Goroutines || next.Descriptors != now.Descriptors {
			since = time.Now()
		}
		now = next
	}
	return now
}

// Slack is how many more goroutines and descriptors the server may have at the end than after the
// first window: connections are kept for a while.
const Slack = 20

// grown reports whether s has more than from of what must not grow.
func (s Sample) grown(from Sample) bool {
	return s.Goroutines > from.Goroutines+Slack || s.Descriptors > from.Descriptors+Slack
}

func (c Config) look() (Sample, error) {
	p, err := procfs.NewProc(c.Server)
	if err != nil {
		return Sample{}, err
	}
	status, errStatus := p.NewStatus()
	descriptors, errFiles := p.FileDescriptorsLen()
	s := Sample{RSS: int64(status.RssAnon + status.RssShmem), Descriptors: descriptors}
	if c.Goroutines != nil {
		s.Goroutines = c.Goroutines()
	}
	return s, errors.Join(errStatus, errFiles)
}
