package main

import (
	"math"
	"runtime/debug"
)

const (
	// mountBytes is what a mount takes beside its caches: indices, what is being made, buffers.
	mountBytes = 200e6
	// archiveCache is what an open archive keeps of its segments (mbtiles.ReaderOptions).
	archiveCache = 32 << 20
)

// boundMemory makes the garbage collector work harder where the process would otherwise grow to twice what its caches hold. A limit that the user has set
// (GOMEMLIMIT) stays.
func boundMemory(memoryCache int64, archives int) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryCache + mountBytes + int64(archives)*archiveCache)
	}
}
