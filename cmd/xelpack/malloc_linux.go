//go:build cgo

package main

/*
#include <malloc.h>

static void few_arenas(int n) {
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, n);
#endif
}
*/
import "C"

import "runtime"

// C allocates memory on whatever thread a goroutine runs. glibc gives threads up to eight heaps per
// processor, and each keeps its largest size: in a long build that added up to a tenth of the
// process.
func init() { C.few_arenas(C.int(runtime.GOMAXPROCS(0))) }
