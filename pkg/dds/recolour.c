//go:build cgo && !purego && (amd64 || arm64)

// New colours for the ends of blocks; recolour.go is the same in Go.
#include "encode.h"

#include <string.h>

// As expand565 in decode.go, as a palette has it.
static uint32_t expand(uint32_t e) { return (e >> 11) * 33 >> 2 | ((e >> 5 & 63) * 65 >> 4) << 8 | ((e & 31) * 33 >> 2) << 16; }

// As faded in recolour.go.
static uint32_t faded(uint32_t c, uint32_t saturation, uint32_t white) {
	uint32_t v[3] = {c & 255, c >> 8 & 255, c >> 16};
	uint32_t y = (54 * v[0] + 183 * v[1] + 19 * v[2] + 128) >> 8, bright = y > 48 ? 4 * (y - 48) : 0;
	white *= bright < 255 ? bright : 255;
	for (int i = 0; i < 3; i++) {
		v[i] = v[i] * saturation + y * (256 - saturation);
		v[i] += (65280 - v[i]) * white >> 16;
	}
	uint32_t r = ((v[0] * 7967 >> 16) + 128) >> 8, g = ((v[1] * 16191 >> 16) + 128) >> 8, b = ((v[2] * 7967 >> 16) + 128) >> 8;
	return r << 11 | g << 5 | b;
}

static void plain(uint8_t *dst, const uint8_t *src, ptrdiff_t blocks, int bc3, const uint32_t *table, xp_ramp saturation, xp_ramp white) {
	for (; blocks > 0; blocks--) {
		if (bc3) memmove(dst, src, 8), dst += 8, src += 8;
		uint16_t e[2];
		uint32_t indices;
		memcpy(e, src, 4);
		memcpy(&indices, src + 4, 4);
		uint32_t s = (uint32_t)(saturation.at + (1 << 15)) >> 16, w = (uint32_t)(white.at + (1 << 15)) >> 16;
		saturation.at += saturation.step;
		white.at += white.step;
		uint32_t n0 = faded(table ? table[e[0]] : expand(e[0]), s, w), n1 = faded(table ? table[e[1]] : expand(e[1]), s, w);
		uint32_t ends = n0 | n1 << 16, turned = n1 | n0 << 16;
		if (n0 == n1 && (e[0] > e[1] || (bc3 && e[0] < e[1]))) indices = 0;
		else if ((e[0] > e[1] && n0 < n1) || (bc3 && e[0] < e[1] && n0 > n1)) ends = turned, indices ^= 0x55555555;
		else if (e[0] <= e[1] && n0 > n1) ends = turned, indices ^= ~(indices >> 1) & 0x55555555;
		memcpy(dst, &ends, 4);
		memcpy(dst + 4, &indices, 4);
		dst += 8, src += 8;
	}
}

#ifdef XP_X86

#include <immintrin.h>

#define BATCH 64 // blocks

// What the table has for the ends of up to BATCH blocks. One by one: gathers are slower, much so on
// processors that leak data through them and are kept from it. Outside the pragma, lest the compiler
// make gathers of it.
static void lookup(uint32_t found[2][BATCH], const uint8_t *src, ptrdiff_t blocks, const uint32_t *table) {
	for (ptrdiff_t i = 0; i < blocks; i++) {
		uint32_t e;
		memcpy(&e, src + 8 * i, 4);
		found[0][i] = table[e & 0xffff];
		found[1][i] = table[e >> 16];
	}
}

#pragma GCC push_options
#pragma GCC target("avx2")

#define INLINE static inline __attribute__((always_inline))

// 16 colours of 8 bits a channel.
typedef struct {
	__m256i r, g, b;
} colours;

INLINE colours expand16(__m256i e) {
	// v·33/4 and v·65/16, of v where it stands
	return (colours){
		_mm256_mulhi_epu16(_mm256_and_si256(e, _mm256_set1_epi16((short)0xf800)), _mm256_set1_epi16(264)),
		_mm256_mulhi_epu16(_mm256_and_si256(e, _mm256_set1_epi16(0x7e0)), _mm256_set1_epi16(8320)),
		_mm256_mulhi_epu16(_mm256_slli_epi16(e, 11), _mm256_set1_epi16(264)),
	};
}

// Of eight first and eight second ends.
INLINE colours paired(const uint32_t *firsts, const uint32_t *seconds) {
	__m256i first = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)firsts), 0xD8);
	__m256i second = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)seconds), 0xD8);
	__m256i rg = _mm256_blend_epi16(first, _mm256_slli_epi32(second, 16), 0xAA);
	return (colours){
		_mm256_and_si256(rg, _mm256_set1_epi16(255)),
		_mm256_srli_epi16(rg, 8),
		_mm256_blend_epi16(_mm256_srli_epi32(first, 16), second, 0xAA),
	};
}

INLINE __m256i fade(__m256i v, __m256i s, __m256i grey, __m256i w, int whitens) {
	v = _mm256_add_epi16(_mm256_mullo_epi16(v, s), grey);
	if (whitens) v = _mm256_add_epi16(v, _mm256_mulhi_epu16(_mm256_sub_epi16(_mm256_set1_epi16((short)65280), v), w));
	return v;
}

INLINE __m256i faded16(colours c, __m256i s, __m256i w, int whitens) {
	const __m256i half = _mm256_set1_epi16(128), to31 = _mm256_set1_epi16(7967), to63 = _mm256_set1_epi16(16191);
	__m256i y = _mm256_add_epi16(_mm256_mullo_epi16(c.r, _mm256_set1_epi16(54)), _mm256_mullo_epi16(c.g, _mm256_set1_epi16(183)));
	y = _mm256_add_epi16(y, _mm256_add_epi16(_mm256_mullo_epi16(c.b, _mm256_set1_epi16(19)), half));
	y = _mm256_srli_epi16(y, 8);
	if (whitens) {
		__m256i bright = _mm256_slli_epi16(_mm256_subs_epu16(y, _mm256_set1_epi16(48)), 2);
		w = _mm256_mullo_epi16(w, _mm256_min_epi16(bright, _mm256_set1_epi16(255)));
	}
	__m256i grey = _mm256_mullo_epi16(y, _mm256_sub_epi16(_mm256_set1_epi16(256), s));
	__m256i r = _mm256_add_epi16(_mm256_mulhi_epu16(fade(c.r, s, grey, w, whitens), to31), half);
	__m256i g = _mm256_add_epi16(_mm256_mulhi_epu16(fade(c.g, s, grey, w, whitens), to63), half);
	__m256i b = _mm256_add_epi16(_mm256_mulhi_epu16(fade(c.b, s, grey, w, whitens), to31), half);
	r = _mm256_and_si256(_mm256_slli_epi16(r, 3), _mm256_set1_epi16((short)0xf800));
	g = _mm256_and_si256(_mm256_srli_epi16(g, 3), _mm256_set1_epi16(0x7e0));
	return _mm256_or_si256(_mm256_or_si256(r, g), _mm256_srli_epi16(b, 8));
}

// The weights of eight blocks, rounded, for both ends.
INLINE __m256i weights(__m256i at) {
	at = _mm256_srli_epi32(_mm256_add_epi32(at, _mm256_set1_epi32(1 << 15)), 16);
	return _mm256_or_si256(at, _mm256_slli_epi32(at, 16));
}

INLINE void eights(uint8_t *dst, const uint8_t *src, ptrdiff_t blocks, const uint32_t *table, xp_ramp saturation, xp_ramp white, int looked, int whitens) {
	// blocks in the order in which the ends of eight come out of two shuffles
	const __m256i order = _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7), low = _mm256_set1_epi32(0xffff), odd = _mm256_set1_epi32(0x55555555);
	__m256i s = _mm256_add_epi32(_mm256_set1_epi32(saturation.at), _mm256_mullo_epi32(order, _mm256_set1_epi32(saturation.step)));
	__m256i w = _mm256_add_epi32(_mm256_set1_epi32(white.at), _mm256_mullo_epi32(order, _mm256_set1_epi32(white.step)));
	uint32_t found[2][BATCH];
	for (ptrdiff_t i = 0; i < blocks; i += 8, dst += 64, src += 64) {
		ptrdiff_t at = i % BATCH;
		if (looked && at == 0) lookup(found, src, blocks - i < BATCH ? blocks - i : BATCH, table);
		__m256 l = _mm256_loadu_ps((const float *)src), r = _mm256_loadu_ps((const float *)(src + 32));
		__m256i ends = _mm256_castps_si256(_mm256_shuffle_ps(l, r, 0x88)), indices = _mm256_castps_si256(_mm256_shuffle_ps(l, r, 0xDD));
		__m256i faded = faded16(looked ? paired(found[0] + at, found[1] + at) : expand16(ends), weights(s), weights(w), whitens);
		s = _mm256_add_epi32(s, _mm256_set1_epi32((int)(8 * (uint32_t)saturation.step)));
		w = _mm256_add_epi32(w, _mm256_set1_epi32((int)(8 * (uint32_t)white.step)));
		__m256i e0 = _mm256_and_si256(ends, low), e1 = _mm256_srli_epi32(ends, 16);
		__m256i n0 = _mm256_and_si256(faded, low), n1 = _mm256_srli_epi32(faded, 16);
		__m256i four = _mm256_cmpgt_epi32(e0, e1), flat = _mm256_and_si256(four, _mm256_cmpeq_epi32(n0, n1));
		__m256i turn4 = _mm256_and_si256(four, _mm256_cmpgt_epi32(n1, n0)), turn3 = _mm256_andnot_si256(four, _mm256_cmpgt_epi32(n0, n1));
		__m256i turned = _mm256_or_si256(n1, _mm256_slli_epi32(n0, 16));
		ends = _mm256_blendv_epi8(faded, turned, _mm256_or_si256(turn4, turn3));
		__m256i flip = _mm256_or_si256(turn4, _mm256_andnot_si256(_mm256_srli_epi32(indices, 1), turn3));
		indices = _mm256_andnot_si256(flat, _mm256_xor_si256(indices, _mm256_and_si256(flip, odd)));
		_mm256_storeu_si256((__m256i *)dst, _mm256_unpacklo_epi32(ends, indices));
		_mm256_storeu_si256((__m256i *)(dst + 32), _mm256_unpackhi_epi32(ends, indices));
	}
}

static void avx2(uint8_t *dst, const uint8_t *src, ptrdiff_t blocks, const uint32_t *table, xp_ramp saturation, xp_ramp white) {
	int whitens = white.at != 0 || white.step != 0;
	if (!table && !whitens) eights(dst, src, blocks, table, saturation, white, 0, 0);
	else if (!table) eights(dst, src, blocks, table, saturation, white, 0, 1);
	else if (!whitens) eights(dst, src, blocks, table, saturation, white, 1, 0);
	else eights(dst, src, blocks, table, saturation, white, 1, 1);
}

#pragma GCC pop_options

#endif

static int64_t down(int64_t top, int64_t bottom, int64_t y, int64_t across) { return top + (bottom - top) * (2 * y + 1) / (2 * across); }

// As slope in recolour.go.
static xp_ramp slope(const int32_t *corners, int64_t x, int64_t y, int64_t across) {
	int64_t west = down(corners[0], corners[2], y, across), step = (down(corners[1], corners[3], y, across) - west) / across;
	return (xp_ramp){(int32_t)(west + step * x + step / 2), (int32_t)step};
}

void xp_recolour(int path, uint8_t *dst, const uint8_t *src, int64_t blocks, int bc3, const uint32_t *table, const int32_t *saturation, const int32_t *white, int64_t first, int64_t across) {
	while (blocks > 0) {
		int64_t x = first % across, y = first / across, n = across - x < blocks ? across - x : blocks;
		xp_ramp s = slope(saturation, x, y, across), w = slope(white, x, y, across);
		blocks -= n, first += n;
#ifdef XP_X86
		if (path != XP_PLAIN && !bc3) {
			int64_t most = n & ~(int64_t)7;
			avx2(dst, src, most, table, s, w);
			dst += 8 * most, src += 8 * most, n -= most;
			s.at += (int32_t)most * s.step, w.at += (int32_t)most * w.step;
		}
#endif
		plain(dst, src, n, bc3, table, s, w);
		dst += n * (bc3 ? 16 : 8), src += n * (bc3 ? 16 : 8);
	}
}
