//go:build cgo && !purego && amd64

// The block encoder and the mips for processors with AVX-512.
#include "exact.h"

#include "encode.h"
#include "tables.h"

#ifdef XP_X86

#include <immintrin.h>
#include <string.h>

#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl")
#define FN static inline __attribute__((always_inline))
#define NAME(x) x##_avx512
#include "simd_avx512.h"

#include "bc1_kernel.h"
#include "mip_kernel.h"

#endif
