package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

const (
	// mountBytes is what a mount takes beside its caches: indices, what is being made, buffers.
	mountBytes = 200e6
	// archiveCache is what an open archive keeps of its segments (mbtiles.ReaderOptions).
	archiveCache = 32 << 20

	// buildBytes is what a build takes beside its workers and its plan: five textures in flight, chunks, connections.
	buildBytes = 120e6
	// workerBytes is what a worker takes: its encoder's tables and what it has in hand.
	workerBytes = 20e6
	// plannedBytes is what a planned texture takes, with the status page's record of it.
	plannedBytes = 1 << 10
)

// mountMemory is what a mount with so large a memory cache and so many archives takes, at most.
func mountMemory(memoryCache int64, archives int) int64 {
	return memoryCache + mountBytes + int64(archives)*archiveCache
}

// boundMount bounds the memory of a mount.
func boundMount(memoryCache int64, archives int) { boundMemory(mountMemory(memoryCache, archives)) }

// boundBuild bounds the memory of a build of so many textures, so that a long one takes hardly more than a short one.
func boundBuild(textures int) {
	boundMemory(buildBytes + int64(runtime.GOMAXPROCS(0))*workerBytes + int64(textures)*plannedBytes)
}

// boundMemory makes the garbage collector work harder where the process would otherwise grow to twice what it holds. A limit that the user has set
// (GOMEMLIMIT) stays.
func boundMemory(bytes int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bytes)
	}
}
