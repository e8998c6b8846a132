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

// C's allocations come from whatever thread a goroutine is on. glibc gives threads up to eight
// heaps a processor, each of which keeps what it was at its largest: in a long build that added up
// to a tenth of the process.
func init() { C.few_arenas(C.int(runtime.GOMAXPROCS(0))) }
