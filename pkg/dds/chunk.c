//go:build cgo && !purego && (amd64 || arm64)

// A whole chunk from its pixels to its blocks, with the version of the encoder that suits the processor.
#include "encode.h"

#include <string.h>

int xp_best_path(void) {
#ifdef XP_X86
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return XP_AVX512;
	if (__builtin_cpu_supports("avx2")) return XP_AVX2;
#endif
	return XP_PLAIN;
}

static xp_encoder *encoder(int path) {
#ifdef XP_X86
	if (path == XP_AVX512) return xp_bc1_avx512;
	if (path == XP_AVX2) return xp_bc1_avx2;
#endif
	(void)path;
	return xp_bc1_plain;
}

static xp_mipper *mipper(int path) {
#ifdef XP_X86
	if (path == XP_AVX512) return xp_mips_avx512;
	if (path == XP_AVX2) return xp_mips_avx2;
#endif
	(void)path;
	return xp_mips_plain;
}

// finish puts colour blocks where they belong, and beside them the alpha of their pixels.
static void finish(uint8_t *dst, const uint8_t *blocks, const uint8_t *px, ptrdiff_t stride, int n, int bc3) {
	if (!bc3) {
		memcpy(dst, blocks, 8 * n);
		return;
	}
	for (int i = 0; i < n; i++) memcpy(dst + 16 * i + 8, blocks + 8 * i, 8);
	xp_alpha(dst, px, stride, n);
}

// encodeRow encodes a row of any number of blocks.
static void encodeRow(xp_encoder *encode, uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int n, int bc3, int quality) {
	int whole = bc3 ? 0 : n / XP_ROW * XP_ROW;
	if (whole) encode(dst, px, stride, whole, quality);
	for (int i = whole; i < n; i += XP_ROW) {
		uint8_t padded[4][XP_ROW * 16] = {0}, blocks[XP_ROW * 8];
		int m = n - i < XP_ROW ? n - i : XP_ROW;
		const uint8_t *from = px + 16 * i;
		if (m == XP_ROW) {
			encode(blocks, from, stride, m, quality);
		} else {
			for (int y = 0; y < 4; y++) memcpy(padded[y], from + y * stride, 16 * m);
			encode(blocks, padded[0], XP_ROW * 16, XP_ROW, quality);
		}
		finish(dst + (bc3 ? 16 : 8) * i, blocks, from, stride, m, bc3);
	}
}

void xp_image(int path, uint8_t *dst, ptrdiff_t pitch, const uint8_t *px, ptrdiff_t stride, int across, int down, int bc3, int quality) {
	for (int y = 0; y < down; y++, dst += pitch) {
		// The next row's place in the texture is fetched meanwhile: it is far from this one's, and not in the cache.
		for (int i = 0; y + 1 < down && i < across * (bc3 ? 16 : 8); i += 64) __builtin_prefetch(dst + pitch + i, 1);
		encodeRow(encoder(path), dst, px + 4 * y * stride, stride, across, bc3, quality);
	}
}

void xp_chunk(int path, xp_scratch *s, uint8_t *out, const xp_places *to, int bc3, int quality) {
	mipper(path)(s);
	xp_image(path, out + to->offset[0], to->pitch[0], s->pixels, 1024, 64, 64, bc3, quality);
	xp_image(path, out + to->offset[1], to->pitch[1], s->level1, 512, 32, 32, bc3, quality);
	encoder(path)(s->blocks, s->strip[0], XP_STRIP * 16, XP_STRIP, quality);
	for (int level = 2, done = 0; level < XP_LEVELS; level++) {
		int across = 64 >> level;
		for (int y = 0; y < across; y++, done += across)
			finish(out + to->offset[level] + y * to->pitch[level], s->blocks + 8 * done, s->strip[0] + 16 * done, XP_STRIP * 16, across, bc3);
	}
}
