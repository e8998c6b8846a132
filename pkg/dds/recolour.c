//go:build cgo && !purego && (amd64 || arm64)

// New colours for the ends of blocks; recolour.go is the same in Go.
#include "encode.h"

#include <string.h>

// As faded in recolour.go.
static uint32_t faded(uint32_t c, uint32_t saturation, uint32_t white) {
	uint32_t y = c >> 24, bright = y > 48 ? 4 * (y - 48) : 0, v[3];
	white = white * (bright < 255 ? bright : 255) >> 8;
	for (int i = 0; i < 3; i++) {
		v[i] = ((c >> (8 * i) & 255) * saturation + y * (256 - saturation)) >> 8;
		v[i] += (255 - v[i]) * white >> 8;
	}
	return (v[0] * 249 + 1014) >> 11 << 11 | (v[1] * 253 + 505) >> 10 << 5 | (v[2] * 249 + 1014) >> 11;
}

static void plain(uint8_t *b, ptrdiff_t blocks, int bc3, const uint32_t *table, xp_ramp saturation, xp_ramp white) {
	for (; blocks > 0; blocks--, b += bc3 ? 16 : 8) {
		uint8_t *block = b + (bc3 ? 8 : 0);
		uint16_t e[2];
		uint32_t indices;
		memcpy(e, block, 4);
		memcpy(&indices, block + 4, 4);
		uint32_t s = (uint32_t)(saturation.at + (1 << 15)) >> 16, w = (uint32_t)(white.at + (1 << 15)) >> 16;
		saturation.at += saturation.step;
		white.at += white.step;
		uint32_t n0 = faded(table[e[0]], s, w), n1 = faded(table[e[1]], s, w), ends = n0 | n1 << 16, turned = n1 | n0 << 16;
		if (n0 == n1 && (e[0] > e[1] || (bc3 && e[0] < e[1]))) indices = 0;
		else if ((e[0] > e[1] && n0 < n1) || (bc3 && e[0] < e[1] && n0 > n1)) ends = turned, indices ^= 0x55555555;
		else if (e[0] <= e[1] && n0 > n1) ends = turned, indices ^= ~(indices >> 1) & 0x55555555;
		memcpy(block, &ends, 4);
		memcpy(block + 4, &indices, 4);
	}
}

#ifdef XP_X86

#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2")

static inline __attribute__((always_inline)) __m256i faded8(__m256i c, __m256i s, __m256i w, int whitens) {
	const __m256i bytes = _mm256_set1_epi32(0x00ff00ff), one = _mm256_set1_epi16(256), full = _mm256_set1_epi16(255);
	__m256i y = _mm256_srli_epi32(c, 24);
	y = _mm256_or_si256(y, _mm256_slli_epi32(y, 16));
	__m256i grey = _mm256_mullo_epi16(y, _mm256_sub_epi16(one, s));
	__m256i rb = _mm256_and_si256(c, bytes), g = _mm256_and_si256(_mm256_srli_epi32(c, 8), _mm256_set1_epi32(255));
	rb = _mm256_srli_epi16(_mm256_add_epi16(_mm256_mullo_epi16(rb, s), grey), 8);
	g = _mm256_srli_epi16(_mm256_add_epi16(_mm256_mullo_epi16(g, s), grey), 8);
	if (whitens) {
		__m256i bright = _mm256_slli_epi16(_mm256_subs_epu16(y, _mm256_set1_epi16(48)), 2);
		w = _mm256_srli_epi16(_mm256_mullo_epi16(w, _mm256_min_epi16(bright, full)), 8);
		rb = _mm256_add_epi16(rb, _mm256_srli_epi16(_mm256_mullo_epi16(_mm256_sub_epi16(full, rb), w), 8));
		g = _mm256_add_epi16(g, _mm256_srli_epi16(_mm256_mullo_epi16(_mm256_sub_epi16(full, g), w), 8));
	}
	rb = _mm256_srli_epi16(_mm256_add_epi16(_mm256_mullo_epi16(rb, _mm256_set1_epi16(249)), _mm256_set1_epi16(1014)), 11);
	g = _mm256_srli_epi16(_mm256_add_epi16(_mm256_mullo_epi16(g, _mm256_set1_epi16(253)), _mm256_set1_epi16(505)), 10);
	g = _mm256_slli_epi32(_mm256_and_si256(g, _mm256_set1_epi32(63)), 5);
	return _mm256_or_si256(_mm256_or_si256(_mm256_and_si256(_mm256_slli_epi32(rb, 11), _mm256_set1_epi32(0xf800)), g), _mm256_srli_epi32(rb, 16));
}

// The weights of eight blocks, rounded, in both halves of each lane.
static inline __attribute__((always_inline)) __m256i weights(__m256i at) {
	at = _mm256_srli_epi32(_mm256_add_epi32(at, _mm256_set1_epi32(1 << 15)), 16);
	return _mm256_or_si256(at, _mm256_slli_epi32(at, 16));
}

static inline __attribute__((always_inline)) void row(uint8_t *b, ptrdiff_t blocks, const uint32_t *table, xp_ramp saturation, xp_ramp white, int whitens) {
	// blocks in the order in which the ends of eight come out of two shuffles
	const __m256i order = _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7), low = _mm256_set1_epi32(0xffff), odd = _mm256_set1_epi32(0x55555555);
	__m256i s = _mm256_add_epi32(_mm256_set1_epi32(saturation.at), _mm256_mullo_epi32(order, _mm256_set1_epi32(saturation.step)));
	__m256i w = _mm256_add_epi32(_mm256_set1_epi32(white.at), _mm256_mullo_epi32(order, _mm256_set1_epi32(white.step)));
	for (ptrdiff_t i = 0; i < blocks; i += 8, b += 64) {
		__m256 l = _mm256_loadu_ps((const float *)b), r = _mm256_loadu_ps((const float *)(b + 32));
		__m256i ends = _mm256_castps_si256(_mm256_shuffle_ps(l, r, 0x88)), indices = _mm256_castps_si256(_mm256_shuffle_ps(l, r, 0xDD));
		__m256i e0 = _mm256_and_si256(ends, low), e1 = _mm256_srli_epi32(ends, 16), ws = weights(s), ww = weights(w);
		__m256i n0 = faded8(_mm256_i32gather_epi32((const int *)table, e0, 4), ws, ww, whitens);
		__m256i n1 = faded8(_mm256_i32gather_epi32((const int *)table, e1, 4), ws, ww, whitens);
		s = _mm256_add_epi32(s, _mm256_set1_epi32((int)(8 * (uint32_t)saturation.step)));
		w = _mm256_add_epi32(w, _mm256_set1_epi32((int)(8 * (uint32_t)white.step)));
		__m256i four = _mm256_cmpgt_epi32(e0, e1), less = _mm256_cmpgt_epi32(n1, n0), more = _mm256_cmpgt_epi32(n0, n1);
		__m256i flat = _mm256_and_si256(four, _mm256_cmpeq_epi32(n0, n1));
		__m256i turn4 = _mm256_and_si256(four, less), turn3 = _mm256_andnot_si256(four, more);
		__m256i turn = _mm256_or_si256(turn4, turn3);
		__m256i first = _mm256_blendv_epi8(n0, n1, turn), second = _mm256_blendv_epi8(n1, n0, turn);
		ends = _mm256_or_si256(first, _mm256_slli_epi32(second, 16));
		__m256i flip = _mm256_or_si256(turn4, _mm256_andnot_si256(_mm256_srli_epi32(indices, 1), turn3));
		indices = _mm256_andnot_si256(flat, _mm256_xor_si256(indices, _mm256_and_si256(flip, odd)));
		_mm256_storeu_si256((__m256i *)b, _mm256_unpacklo_epi32(ends, indices));
		_mm256_storeu_si256((__m256i *)(b + 32), _mm256_unpackhi_epi32(ends, indices));
	}
}

static void avx2(uint8_t *b, ptrdiff_t blocks, const uint32_t *table, xp_ramp saturation, xp_ramp white) {
	if (white.at == 0 && white.step == 0) row(b, blocks, table, saturation, white, 0);
	else row(b, blocks, table, saturation, white, 1);
}

#pragma GCC pop_options

#endif

void xp_recolour(int path, uint8_t *b, ptrdiff_t blocks, int bc3, const uint32_t *table, xp_ramp saturation, xp_ramp white) {
#ifdef XP_X86
	if (path != XP_PLAIN && !bc3) {
		ptrdiff_t eights = blocks & ~(ptrdiff_t)7;
		avx2(b, eights, table, saturation, white);
		b += 8 * eights, blocks -= eights;
		saturation.at += (int32_t)eights * saturation.step;
		white.at += (int32_t)eights * white.step;
	}
#endif
	plain(b, blocks, bc3, table, saturation, white);
}
