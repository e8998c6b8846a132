//go:build cgo && !purego && (amd64 || arm64)

// The block encoder and the mips for processors without a version of their own.
#include "exact.h"

#include "encode.h"
#include "tables.h"

#include <string.h>

#define FN static inline __attribute__((always_inline))
#define NAME(x) x##_plain
#include "simd_plain.h"

#include "bc1_kernel.h"
#include "mip_kernel.h"
