//go:build cgo && !purego && (amd64 || arm64)

// A whole chunk from its pixels to its blocks, with the version of the encoder that suits the processor.
#include "encode.h"

#include <string.h>

int xp_best_path(void) {
#ifdef __x86_64__
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return XP_AVX512;
	if (__builtin_cpu_supports("avx2")) return XP_AVX2;
#endif
	return XP_PLAIN;
}

static xp_encoder *encoder(int path) {
#ifdef __x86_64__
	if (path == XP_AVX512) return xp_bc1_avx512;
	if (path == XP_AVX2) return xp_bc1_avx2;
#endif
	(void)path;
	return xp_bc1_plain;
}

// interleave puts colour blocks into the second halves of BC3 blocks.
static void interleave(uint8_t *dst, const uint8_t *blocks, int n) {
	for (int i = 0; i < n; i++) memcpy(dst + 16 * i + 8, blocks + 8 * i, 8);
}

void xp_chunk(int path, xp_scratch *s, uint8_t *out, const xp_places *to, int bc3, int quality) {
	xp_encoder *encode = encoder(path);
	xp_mips(s);
	for (int level = 0; level < 2; level++) {
		int across = 64 >> level, stride = across * 16;
		const uint8_t *px = level ? s->level1 : s->pixels;
		for (int y = 0; y < across; y++, px += 4 * stride) {
			uint8_t *dst = out + to->offset[level] + y * to->pitch[level];
			if (!bc3) {
				encode(dst, px, stride, across, quality);
				continue;
			}
			encode(s->blocks, px, stride, across, quality);
			interleave(dst, s->blocks, across);
			xp_alpha(dst, px, stride, across);
		}
	}
	encode(s->blocks, s->strip[0], XP_STRIP * 16, XP_STRIP, quality);
	int done = 0;
	for (int level = 2; level < XP_LEVELS; level++) {
		int across = 64 >> level;
		for (int y = 0; y < across; y++, done += across) {
			uint8_t *dst = out + to->offset[level] + y * to->pitch[level];
			if (!bc3) {
				memcpy(dst, s->blocks + 8 * done, 8 * across);
				continue;
			}
			interleave(dst, s->blocks + 8 * done, across);
			xp_alpha(dst, s->strip[0] + 16 * done, XP_STRIP * 16, across);
		}
	}
}
