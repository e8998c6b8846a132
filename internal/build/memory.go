package build

import (
	"runtime"
	"slices"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// buildBytes is what a build takes beside its workers and its plan: five textures in flight,
	// chunks, connections.
	buildBytes = 120e6
	// workerBytes is what a worker takes: its encoder's tables and what it has in hand.
	workerBytes = 20e6
	// bestBytes is what a worker takes beside that for --compress best: the tables that zstd looks
	// repetitions up in.
	bestBytes = 45e6
	// parentBytes is what chunks to be enlarged take (pack keeps 256 of them decoded).
	parentBytes = 256 * 256 << 10
	// plannedBytes is what a planned texture takes, with the status page's record of it.
	plannedBytes = 1 << 10
)

// memory is what the work holds at once, at most, so that a long build takes hardly more than a
// short one. Short of it a process would do little but collect garbage.
func (w *work) memory() int64 {
	worker, bytes := int64(workerBytes), int64(buildBytes)+int64(len(w.job.Items))*plannedBytes
	if w.making.Compression == mbtiles.Best {
		worker += bestBytes
	}
	if slices.ContainsFunc(w.job.Items, func(it tiles.Item) bool { return it.ZL-tiles.ZL(it.Detail) > w.provider.MaxZL }) {
		bytes += parentBytes
	}
	return bytes + int64(runtime.GOMAXPROCS(0))*worker
}
