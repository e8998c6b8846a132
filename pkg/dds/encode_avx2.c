//go:build cgo && !purego && amd64

// The block encoder and the mips for processors with AVX2.
#include "exact.h"

#include "encode.h"
#include "tables.h"

#ifdef XP_X86

#include <immintrin.h>
#include <string.h>

#pragma GCC target("avx2")
// Independent work is interleaved before registers are handed out, which GCC leaves alone on x86 otherwise: a tenth faster here, and nowhere else.
#pragma GCC optimize("schedule-insns", "sched-pressure")
#define FN static inline __attribute__((always_inline))
#define NAME(x) x##_avx2
#include "simd_avx2.h"

#include "bc1_kernel.h"
#include "mip_kernel.h"

#endif
