package build

import (
	"runtime"
	"slices"

	"github.com/xelpack/xelpack/internal/pack"
	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// buildBytes is the memory of a build besides its workers and its plan: five textures in
	// flight, chunks, connections.
	buildBytes = 120e6
	// workerBytes is the memory of a worker: its encoder's tables and its current chunk.
	workerBytes = 20e6
	// bestBytes is a worker's additional memory for --compress best: zstd's tables.
	bestBytes = 45e6
	// parentBytes is the memory of chunks to be enlarged (pack keeps 256 of them decoded).
	parentBytes = 256 * 256 << 10
	// plannedBytes is the memory of a planned texture, with the status page's record of it.
	plannedBytes = 1 << 10
)

// memory returns the most memory that the work needs at once, so that a long build takes hardly
// more than a short one. With a lower limit a process would mostly collect garbage.
func (w *work) memory() int64 {
	worker, bytes := int64(workerBytes), int64(buildBytes)+int64(len(w.job.Items))*plannedBytes
	if w.making.Compression == mbtiles.Best {
		worker += bestBytes
	}
	if len(w.provider.Layers) > 0 || slices.ContainsFunc(w.job.Items,
		func(it tiles.Item) bool { return it.ZL-tiles.ZL(it.Detail) > w.provider.MaxZL }) {
		bytes += parentBytes
	}
	workers, side := runtime.GOMAXPROCS(0), w.provider.TilePx
	for _, l := range w.provider.Layers {
		side = max(side, l.TilePx)
	}
	return bytes + int64(workers)*worker + pack.TileMemory(side, workers)
}
