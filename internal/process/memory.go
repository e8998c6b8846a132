package process

import (
	"math"
	"runtime/debug"
	"sync"
)

var (
	boundMu sync.Mutex
	bound   int64 = math.MaxInt64 // the limit that BoundMemory has set
)

// BoundMemory makes the garbage collector work harder where the process would otherwise grow to
// twice its live memory. Of several bounds the largest counts. A limit set by the user (GOMEMLIMIT)
// stays.
func BoundMemory(bytes int64) {
	boundMu.Lock()
	defer boundMu.Unlock()
	if debug.SetMemoryLimit(-1) == bound && (bound == math.MaxInt64 || bytes > bound) {
		bound = bytes
		debug.SetMemoryLimit(bytes)
	}
}
