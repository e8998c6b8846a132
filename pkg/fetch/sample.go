package fetch

import (
	"context"
	"runtime"

	imagery "github.com/xelpack/xelpack/pkg/fetch/internal/sample"
	"github.com/xelpack/xelpack/pkg/tiles"
)

// Sample returns the source of procedural imagery: an invented world of sea, coast, fields, woods, lanes and villages, at every zoom level from 0
// to 22, made in the calling goroutines, of which as many work at once as there are CPUs. A chunk's four children show the same ground, finer;
// neighbours join without a seam; open sea is one even colour, in equal bytes. The pixels are the same on every machine.
func Sample() Source {
	return &bounded{next: newSample(newGate(runtime.NumCPU())), maxZL: imagery.MaxZL}
}

func newSample(cpu *gate) Source {
	return &limited{next: &sample{imagery.New()}, gate: cpu}
}

type sample struct{ imagery *imagery.Imagery }

func (s *sample) Fetch(_ context.Context, c tiles.Chunk) ([]byte, error) { return s.imagery.JPEG(c) }
