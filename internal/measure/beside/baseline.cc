//go:build squish

#include "baseline.h"

#include <squish.h>

void bench_squish(unsigned char *dst, const unsigned char *rgba, int blocks) {
	for (int i = 0; i < blocks; i++) squish::CompressMasked(rgba + 64 * i, 0xffff, dst + 8 * i, squish::kDxt1 | squish::kColourRangeFit);
}
