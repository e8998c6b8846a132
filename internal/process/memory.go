package process

import (
	"math"
	"runtime/debug"
)

// BoundMemory makes the garbage collector work harder where the process would otherwise grow to
// twice its live memory. A limit set by the user (GOMEMLIMIT) stays.
func BoundMemory(bytes int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(bytes)
	}
}
