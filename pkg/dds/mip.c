//go:build cgo && !purego && (amd64 || arm64)

// The mip levels of a chunk; mip.go is the same in Go. All of it is integer arithmetic.
#include "encode.h"
#include "tables.h"

#include <string.h>

typedef uint32_t U __attribute__((vector_size(16))); // a pixel

static inline U loadPixel(const uint32_t *p) {
	U v;
	memcpy(&v, p, sizeof v);
	return v;
}

// toCode returns a pixel of code values; the conversion to float is exact.
static inline void toCodes(uint8_t *px, U lin) {
	typedef int32_t I __attribute__((vector_size(16)));
	typedef float F __attribute__((vector_size(16)));
	I at = (I)((U)__builtin_convertvector((I)lin, F) >> 15) - XP_CODE_BASE;
	at &= at > 0;
	px[0] = xp_code[at[0]];
	px[1] = xp_code[at[1]];
	px[2] = xp_code[at[2]];
	px[3] = (uint8_t)((lin[3] + 0x8000) >> 16);
}

// first averages two rows of code values.
static void first(uint32_t *dst, const uint8_t *top, const uint8_t *bottom) {
	const uint32_t *l = xp_linear;
	for (int x = 0; x < 128; x++, dst += 4, top += 8, bottom += 8) {
		for (int c = 0; c < 3; c++) dst[c] = (l[top[c]] + l[top[c + 4]] + l[bottom[c]] + l[bottom[c + 4]] + 2) >> 2;
		dst[3] = (uint32_t)(top[3] + top[7] + bottom[3] + bottom[7]) << 14;
	}
}

static void halve(uint32_t *dst, const uint32_t *top, const uint32_t *bottom, int n) {
	for (int x = 0; x < n; x++) {
		U v = (loadPixel(top + 8 * x) + loadPixel(top + 8 * x + 4) + loadPixel(bottom + 8 * x) + loadPixel(bottom + 8 * x + 4) + 2) >> 2;
		memcpy(dst + 4 * x, &v, sizeof v);
	}
}

// place is where row y of a level stands: level 1 as a picture, the smaller ones as a strip of blocks, each level's after those of the one before.
static uint8_t *place(xp_scratch *s, int level, int y) {
	int before = 0;
	if (level == 1) return s->level1 + y * 128 * 4;
	for (int n = 2; n < level; n++) before += (64 >> n) * (64 >> n);
	return s->strip[y & 3] + (before + (y >> 2) * (64 >> level)) * 16;
}

void xp_mips(xp_scratch *s) {
	for (int y = 0; y < 128; y++) {
		uint32_t *lin = s->rows[1][y & 1];
		first(lin, s->pixels + 2 * y * 1024, s->pixels + (2 * y + 1) * 1024);
		for (int n = 1, row = y;; n++) {
			int side = 256 >> n;
			uint8_t *px = place(s, n, row);
			for (int x = 0; x < side; x++) toCodes(px + 4 * x, loadPixel(lin + 4 * x));
			if (n == XP_LEVELS - 1) {
				memcpy(s->tail + row * 16, lin, 64);
				break;
			}
			if (!(row & 1)) break;
			row >>= 1;
			lin = s->rows[n + 1][row & 1];
			halve(lin, s->rows[n][0], s->rows[n][1], side / 2);
		}
	}
}
