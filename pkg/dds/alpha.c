//go:build cgo && !purego && (amd64 || arm64)

// The alpha half of BC3 blocks; alpha.go is the same in Go.
#include "encode.h"

#include <string.h>

void xp_alpha(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int blocks) {
	for (int b = 0; b < blocks; b++, dst += 16, px += 16) {
		uint8_t a[16], lo = 255, hi = 0, w[16];
		for (int i = 0; i < 16; i++) a[i] = px[(i >> 2) * stride + (i & 3) * 4 + 3];
		for (int i = 0; i < 16; i++) lo = a[i] < lo ? a[i] : lo, hi = a[i] > hi ? a[i] : hi;
		int range = hi - lo;
		uint64_t index = 0;
		if (range) {
			memset(w, 0, sizeof w);
			for (int k = 1; k < 14; k += 2) {
				uint8_t cut = (uint8_t)(lo + (range * k + 13) / 14);
				for (int i = 0; i < 16; i++) w[i] += a[i] >= cut;
			}
			for (int i = 0; i < 16; i++) index |= (uint64_t)(w[i] == 7 ? 0 : w[i] == 0 ? 1 : 8 - w[i]) << (3 * i);
		}
		index = index << 16 | (uint64_t)lo << 8 | hi;
		memcpy(dst, &index, 8);
	}
}
