package fetch

import (
	"context"
	"runtime"

	"golang.org/x/sync/semaphore"

	imagery "github.com/xelpack/xelpack/pkg/fetch/internal/sample"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Sample returns the source of procedural imagery: an invented world of sea, coast, fields, woods,
// lanes and villages, at every zoom level from 0 to 22, made in the calling goroutines, of which as
// many work at once as there are processors. A chunk's four children show the same ground, finer;
// neighbours join without a seam; open sea is one even colour, in equal bytes. The pixels are the
// same on every machine.
func Sample() Source { return newSample() }

// sample paints chunks, each in its caller's goroutine.
type sample struct {
	imagery *imagery.Imagery
	cpu     *semaphore.Weighted
}

func newSample() *sample {
	return &sample{imagery.New(), semaphore.NewWeighted(int64(runtime.NumCPU()))}
}

func (s *sample) Fetch(ctx context.Context, c tiles.Chunk) ([]byte, error) {
	if err := within(c, 0, imagery.MaxZL); err != nil {
		return nil, err
	}
	if err := s.cpu.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.cpu.Release(1)
	return s.imagery.JPEG(c)
}
