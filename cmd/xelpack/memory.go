package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/xelpack/xelpack/pkg/mbtiles"
	"github.com/xelpack/xelpack/pkg/tiles"
)

const (
	// mountBytes is what a mount takes beside its caches: indices, what is being made, buffers.
	mountBytes = 200e6
	// archiveCache is what an open archive keeps of its segments (mbtiles.ReaderOptions).
	archiveCache = 32 << 20

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

// mountMemory is what a mount with so large a memory cache and so many archives takes, at most.
func mountMemory(memoryCache int64, archives int) int64 {
	return memoryCache + mountBytes + int64(archives)*archiveCache
}

// boundMount bounds the memory of a mount.
func boundMount(memoryCache int64, archives int) { boundMemory(mountMemory(memoryCache, archives)) }

// boundBuild bounds the memory of a build of items, so that a long one takes hardly more than a
// short one. Short of what it holds at once it would do little but collect garbage.
func boundBuild(items []tiles.Item, deepest tiles.ZL, c mbtiles.Compression) {
	worker, bytes := int64(workerBytes), int64(buildBytes)+int64(len(items))*plannedBytes
	if c == mbtiles.Best {
		worker += bestBytes
	}
	if slices.ContainsFunc(items, func(it tiles.Item) bool { return it.ZL-tiles.ZL(it.Detail) > deepest }) {
		bytes += parentBytes
	}
	boundMemory(bytes + int64(runtime.GOMAXPROCS(0))*worker)
}

// boundMemory makes the garbage collector work harder where the process would otherwise grow to
// twice what it holds. A limit that the user has set (GOMEMLIMIT) stays.
func boundMemory(bytes int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bytes)
	}
}
