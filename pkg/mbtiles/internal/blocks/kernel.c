//go:build cgo && !purego && (amd64 || arm64)

// The inner loops, with the same sums as in the Go files of the same names; every function twice, for any processor and for those with AVX2 and BMI2.
#include "kernel.h"

#include <string.h>

#define FN static inline __attribute__((always_inline))

#if defined(__x86_64__) && !defined(__clang__)
#define FAST __attribute__((target("avx2,bmi,bmi2,lzcnt")))
int xb_fast(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt"); }
#else
#define FAST
int xb_fast(void) { return 0; }
#endif

// BOTH defines name by name_body, which is inlined into a version for either kind of processor.
#define BOTH(type, name, params, args) \
	FAST static type name##_fast params { return name##_body args; } \
	static type name##_plain params { return name##_body args; }

typedef uint64_t u64;

FN u64 load64(const void *p) {
	u64 v;
	memcpy(&v, p, 8);
	return v;
}
FN void store64(void *p, u64 v) { memcpy(p, &v, 8); }

// The code of each stream.
static const int code_of[XB_STREAMS] = {0, 1, 1, 1, 2, 2, 3, 3};

FN ptrdiff_t plane_at(int stream, ptrdiff_t stride) { return stream < 7 ? stream * stride : 8 * stride; }

/* Streams */

// How a code's table is laid out: the bits it goes by, where it begins, and the bits below a symbol in an entry, of which the lowest 6 are its length.
enum { FIRST_BITS = 11, QUAD_BITS = 12, GREEN_BITS = 10, RED_BLUE_BITS = 12, BYTE = 8, WORD = 6 };

typedef struct {
	const uint8_t *at, *end;
	u64 acc; // what is left below a bit that marks its end; all of it was loaded from at
	ptrdiff_t most; // bytes that four symbols can take
} lane;

// refill makes at least 56 bits of acc good. Beyond the end are zeros, which no stream needs: see closed.
FN u64 refill(lane *l) {
	unsigned used = __builtin_clzll(l->acc);
	const uint8_t *at = l->at + (used >> 3);
	l->at = at;
	return (load64(at) | (u64)1 << 63) >> (used & 7);
}

#define SYMBOL(acc, table, bits, shift) ({ \
	unsigned e_ = (table)[(acc) & ((1 << (bits)) - 1)]; \
	(acc) >>= e_ & 63; \
	e_ >> (shift); \
})

// FOUR reads four symbols of four lanes each, in turns: one lane alone would mostly wait for its own table.
#define FOUR(l, to0, to1, to2, to3, table0, bits0, table1, bits1, shift0, table2, bits2, shift2) do { \
	u64 a_ = refill(l), b_ = refill(l + 1), c_ = refill(l + 2), d_ = refill(l + 3); \
	for (int k_ = 0; k_ < 4; k_++) { \
		(to0)[k_] = SYMBOL(a_, table0, bits0, shift0); \
		(to1)[k_] = SYMBOL(b_, table1, bits1, shift0); \
		(to2)[k_] = SYMBOL(c_, table2, bits2, shift2); \
		(to3)[k_] = SYMBOL(d_, table2, bits2, shift2); \
	} \
	(l)[0].acc = a_, (l)[1].acc = b_, (l)[2].acc = c_, (l)[3].acc = d_; \
} while (0)

FN int read_body(uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed, const uint32_t *ends) {
	lane memory[XB_STREAMS], *lanes = memory;
	__asm__("" : "+r"(lanes) : : "memory"); // GCC would have them in registers, of which there are too few
	for (int s = 0; s < XB_STREAMS; s++) {
		lane *l = &lanes[s];
		l->at = packed + (s ? ends[s - 1] : 0), l->end = packed + ends[s];
		l->acc = (u64)1 << 63;
		l->most = (4 * longest[code_of[s]] + 7) / 8;
	}
	const uint16_t *first = tables, *quad = tables + XB_TABLE, *green = tables + 2 * XB_TABLE, *red_blue = tables + 3 * XB_TABLE;
	uint8_t *q = planes, *q1 = q + stride, *q2 = q1 + stride, *q3 = q2 + stride, *g0 = q3 + stride, *g1 = g0 + stride;
	uint16_t *rb0 = (uint16_t *)(planes + 6 * stride), *rb1 = (uint16_t *)(planes + 8 * stride);
	int i = 0;
	for (;;) {
		// As long as no lane can come within a word of its end, nobody looks where the ends are.
		ptrdiff_t rounds = (n - i) / 4;
		for (int s = 0; s < XB_STREAMS; s++) {
			const lane *l = &lanes[s];
			ptrdiff_t left = l->end - l->at - 8 - 7; // 7: what is used of acc, but not yet counted in at
			if (l->most > 0)
				rounds = left < l->most ? 0 : left / l->most < rounds ? left / l->most : rounds;
		}
		if (rounds == 0)
			break;
		for (int to = i + 4 * rounds; i < to; i += 4) {
			FOUR(lanes, q + i, q1 + i, q2 + i, q3 + i, first, FIRST_BITS, quad, QUAD_BITS, BYTE, quad, QUAD_BITS, BYTE);
			FOUR(lanes + 4, g0 + i, g1 + i, rb0 + i, rb1 + i, green, GREEN_BITS, green, GREEN_BITS, BYTE, red_blue, RED_BLUE_BITS, WORD);
		}
	}
	// The ends, a stream after the other.
	for (int s = 0; s < XB_STREAMS; s++) {
		static const int bits_of[XB_CODES] = {FIRST_BITS, QUAD_BITS, GREEN_BITS, RED_BLUE_BITS};
		const int code = code_of[s], bits = bits_of[code];
		const uint16_t *table = tables + code * XB_TABLE;
		lane *l = &lanes[s];
		for (int k = i; k < n; k++) {
			u64 acc = refill(l);
			if (l->at > l->end)
				return s;
			if (s < 6)
				planes[s * stride + k] = SYMBOL(acc, table, bits, BYTE);
			else
				(s == 6 ? rb0 : rb1)[k] = SYMBOL(acc, table, bits, WORD);
			l->acc = acc;
		}
		unsigned used = __builtin_clzll(l->acc);
		l->at += used >> 3, used &= 7;
		if (l->at + (used > 0) != l->end || (used > 0 && *l->at >> used != 0))
			return s;
	}
	return XB_STREAMS;
}

BOTH(int, read, (uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed, const uint32_t *ends),
	(planes, stride, n, tables, longest, packed, ends))

int xb_read(int fast, uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed, const uint32_t *ends) {
	return (fast ? read_fast : read_plain)(planes, stride, n, tables, longest, packed, ends);
}

// stream writes n symbols of bytes or words and returns the end.
FN uint8_t *write_stream(uint8_t *to, const uint8_t *bytes, const uint16_t *wide, int n, const uint16_t *words) {
	u64 acc = 0;
	unsigned filled = 0;
	int i = 0;
	for (; i + 4 <= n; i += 4) {
		for (int k = 0; k < 4; k++) {
			unsigned w = words[wide ? wide[i + k] : bytes[i + k]];
			acc |= (u64)(w >> 4) << filled;
			filled += w & 15;
		}
		store64(to, acc);
		to += filled >> 3;
		acc >>= filled & ~7u;
		filled &= 7;
	}
	for (; i < n; i++) {
		unsigned w = words[wide ? wide[i] : bytes[i]];
		acc |= (u64)(w >> 4) << filled;
		filled += w & 15;
	}
	store64(to, acc);
	return to + (filled + 7) / 8;
}

FN void write_body(const uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *words, uint8_t *packed, uint32_t *ends) {
	uint8_t *to = packed;
	for (int s = 0; s < XB_STREAMS; s++) {
		const uint16_t *code = words + code_of[s] * XB_SYMBOLS;
		const uint8_t *plane = planes + plane_at(s, stride);
		to = s < 6 ? write_stream(to, plane, 0, n, code) : write_stream(to, 0, (const uint16_t *)plane, n, code);
		ends[s] = to - packed;
	}
}

BOTH(void, write, (const uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *words, uint8_t *packed, uint32_t *ends),
	(planes, stride, n, words, packed, ends))

void xb_write(int fast, const uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *words, uint8_t *packed, uint32_t *ends) {
	(fast ? write_fast : write_plain)(planes, stride, n, words, packed, ends);
}

void xb_count(const uint8_t *planes, ptrdiff_t stride, int n, uint32_t *counts) {
	// Neighbours are often equal: four tables in turns keep them from waiting for each other.
	static const int symbols[XB_CODES] = {256, 256, 64, XB_SYMBOLS};
	uint32_t part[4][XB_SYMBOLS];
	for (int s = 0; s < XB_STREAMS; s++) {
		const int code = code_of[s];
		const uint8_t *bytes = planes + plane_at(s, stride);
		const uint16_t *words = (const uint16_t *)bytes;
		for (int k = 0; k < 4; k++)
			memset(part[k], 0, symbols[code] * sizeof(uint32_t));
		int i = 0;
		if (s < 6) {
			for (; i + 4 <= n; i += 4)
				for (int k = 0; k < 4; k++)
					part[k][bytes[i + k]]++;
			for (; i < n; i++)
				part[0][bytes[i]]++;
		} else {
			for (; i + 4 <= n; i += 4)
				for (int k = 0; k < 4; k++)
					part[k][words[i + k]]++;
			for (; i < n; i++)
				part[0][words[i]]++;
		}
		for (int v = 0; v < symbols[code]; v++)
			counts[code * XB_SYMBOLS + v] += part[0][v] + part[1][v] + part[2][v] + part[3][v];
	}
}

/* Colours: colours.go says what lies where. */

#define DOUBLE(x) ((u64)(x) | (u64)(x) << 32)
#define CHANNELS DOUBLE(0x1f | 0x3f << 6 | 0x1f << 13)
#define GUARDS DOUBLE(1 << 5 | 1 << 12 | 1 << 18)
#define BLUES DOUBLE(0x1f)

FN u64 spread(uint32_t colours) {
	u64 w = (colours & 0xffff) | (u64)(colours >> 16) << 32;
	return (w & DOUBLE(0x1f)) | (w & DOUBLE(0x7e0)) << 1 | (w & DOUBLE(0xf800)) << 2;
}

FN uint32_t gather(u64 v) {
	u64 w = (v & DOUBLE(0x1f)) | (v >> 1 & DOUBLE(0x7e0)) | (v >> 2 & DOUBLE(0xf800));
	return (uint32_t)w | (uint32_t)(w >> 16);
}

FN uint32_t turn_rows(uint32_t rows) { return (rows & 0xf00ff00f) | (rows & 0x00f000f0) << 4 | (rows >> 4 & 0x00f000f0); }

FN u64 expected(u64 left, u64 up) { return (left + up) >> 1 & CHANNELS; }

// colours_of turns a row of what was not expected into colours. up is the row above, 0 for the first.
FN void colours_of(u64 *restrict row, const u64 *restrict up, int w) {
	u64 left = up ? up[0] : 0;
	for (int x = 0; x < w; x++)
		row[x] = left = (expected(left, up ? up[x] : left) + row[x]) & CHANNELS;
}

// colours_of_two does two rows at once, the second a block behind: each alone would mostly wait for its left neighbour.
FN void colours_of_two(u64 *restrict row, u64 *restrict below, const u64 *restrict up, int w) {
	u64 left = (up[0] + row[0]) & CHANNELS, left_below = row[0] = left;
	for (int x = 1; x < w; x++) {
		u64 above = left;
		row[x] = left = (expected(left, up[x]) + row[x]) & CHANNELS;
		below[x - 1] = left_below = (expected(left_below, above) + below[x - 1]) & CHANNELS;
	}
	below[w - 1] = (expected(left_below, left) + below[w - 1]) & CHANNELS;
}

FN void join_body(const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *rows, uint8_t *restrict raw, ptrdiff_t step) {
	const uint8_t *q0 = planes + at, *q1 = q0 + stride, *q2 = q1 + stride, *q3 = q2 + stride;
	const uint8_t *g0 = q3 + stride, *g1 = g0 + stride;
	const uint16_t *rb0 = (const uint16_t *)(planes + 6 * stride) + at, *rb1 = (const uint16_t *)(planes + 8 * stride) + at;
	raw += at * step;
	u64 *up = 0, *here = rows; // two rows; the two before lie in the other half
	for (int y = 0; y < h;) {
		int count = y > 0 && y + 1 < h ? 2 : 1;
		for (int x = 0; x < count * w; x++) {
			u64 green = g0[x] | (u64)g1[x] << 32, rb = rb0[x] | (u64)rb1[x] << 32, half = green >> 1 & BLUES;
			here[x] = ((((rb | rb << 8) & DOUBLE(0x1f | 0x1f << 13)) + half + (half << 13)) & CHANNELS) | green << 6;
		}
		if (count == 2)
			colours_of_two(here, here + w, up, w);
		else
			colours_of(here, up, w);
		for (int x = 0; x < count * w; x++) {
			uint32_t quads = q0[x] | (uint32_t)q1[x] << 8 | (uint32_t)q3[x] << 16 | (uint32_t)q2[x] << 24;
			store64(raw + x * step, gather(here[x]) | (u64)turn_rows(quads) << 32);
		}
		up = here + (count - 1) * w;
		here = here == rows ? rows + 2 * w : rows;
		q0 += count * w, q1 += count * w, q2 += count * w, q3 += count * w, g0 += count * w, g1 += count * w, rb0 += count * w, rb1 += count * w;
		raw += count * w * step;
		y += count;
	}
}

FN void join_step(const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *row, uint8_t *raw, ptrdiff_t step) {
	if (step == 8)
		join_body(planes, stride, at, w, h, row, raw, 8);
	else
		join_body(planes, stride, at, w, h, row, raw, 16);
}
#define join_body join_step
BOTH(void, join, (const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *row, uint8_t *raw, ptrdiff_t step),
	(planes, stride, at, w, h, row, raw, step))
#undef join_body

void xb_join(int fast, const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *row, uint8_t *raw, ptrdiff_t step) {
	(fast ? join_fast : join_plain)(planes, stride, at, w, h, row, raw, step);
}

FN void split_body(uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *row, const uint8_t *raw, ptrdiff_t step) {
	uint8_t *restrict q0 = planes + at, *restrict q1 = q0 + stride, *restrict q2 = q1 + stride, *restrict q3 = q2 + stride;
	uint8_t *restrict g0 = q3 + stride, *restrict g1 = g0 + stride;
	uint16_t *restrict rb0 = (uint16_t *)(planes + 6 * stride) + at, *restrict rb1 = (uint16_t *)(planes + 8 * stride) + at;
	raw += at * step;
	u64 *up = row + 1, *here = up + w + 1; // each with a place for what is left of it
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++) {
			u64 b = load64(raw + x * step);
			here[x] = spread((uint32_t)b);
			uint32_t quads = turn_rows(b >> 32);
			q0[x] = quads, q1[x] = quads >> 8, q3[x] = quads >> 16, q2[x] = quads >> 24;
		}
		here[-1] = y ? up[0] : 0;
		const u64 *restrict above = y ? up : here - 1, *restrict left = here - 1;
		for (int x = 0; x < w; x++) {
			u64 d = ((here[x] | GUARDS) - expected(left[x], above[x])) & CHANNELS, half = d >> 7 & BLUES;
			d = ((d | GUARDS) - half - (half << 13)) & CHANNELS;
			g0[x] = d >> 6 & 0x3f, g1[x] = d >> 38 & 0x3f;
			u64 rb = (d & BLUES) | (d >> 8 & DOUBLE(0x3e0));
			rb0[x] = rb, rb1[x] = rb >> 32;
		}
		u64 *swap = up;
		up = here, here = swap;
		q0 += w, q1 += w, q2 += w, q3 += w, g0 += w, g1 += w, rb0 += w, rb1 += w;
		raw += w * step;
	}
}

FN void split_step(uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *row, const uint8_t *raw, ptrdiff_t step) {
	if (step == 8)
		split_body(planes, stride, at, w, h, row, raw, 8);
	else
		split_body(planes, stride, at, w, h, row, raw, 16);
}
#define split_body split_step
BOTH(void, split, (uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *row, const uint8_t *raw, ptrdiff_t step),
	(planes, stride, at, w, h, row, raw, step))
#undef split_body

void xb_split(int fast, uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *row, const uint8_t *raw, ptrdiff_t step) {
	(fast ? split_fast : split_plain)(planes, stride, at, w, h, row, raw, step);
}

/* Quads: quads.go says what they are. */

#define EACH(x) ((u64)(x) * 0x0101010101010101)

FN u64 swap_middle(u64 z) { return (z & EACH(0xc3)) | (z & EACH(0x0c)) << 2 | (z >> 2 & EACH(0x0c)); }
FN u64 swap_halves(u64 z) { return (z & EACH(0x0f)) << 4 | (z >> 4 & EACH(0x0f)); }
FN u64 swap_pairs(u64 z) { return (z & EACH(0x33)) << 2 | (z >> 2 & EACH(0x33)); }

typedef struct {
	u64 flip, mirror;
} posture;

FN posture posture_of(u64 z, int a, int b) {
	u64 high = z, low = z >> 1 ^ z;
	u64 ah = high >> a, al = low >> a, bh = high >> b, bl = low >> b;
	u64 f = (ah & (al | bh | bl)) | (~ah & al & bh & bl);
	u64 less = (~ah & bh) | (~(ah ^ bh) & ~al & bl), more = (ah & ~bh) | (~(ah ^ bh) & al & ~bl);
	u64 m = ((f & more) | (~f & less)) & EACH(1);
	f &= EACH(1);
	return (posture){((f << 8) - f) & EACH(0x55), (m << 8) - m};
}

FN u64 mirrored(u64 s, u64 mask) { return s ^ ((s ^ swap_pairs(s)) & mask); }

FN void split_quads_body(uint8_t *planes, ptrdiff_t stride, int n) {
	u64 *q[4];
	for (int k = 0; k < 4; k++)
		q[k] = (u64 *)(planes + k * stride);
	for (int i = 0; i < (n + 7) / 8; i++) {
		u64 nw = q[0][i], ne = q[1][i], se = q[2][i], sw = q[3][i];
		posture p = posture_of(nw, 2, 6);
		q[1][i] = mirrored(swap_middle(ne ^ p.flip), p.mirror);
		p = posture_of(ne, 4, 6);
		q[2][i] = mirrored(se ^ p.flip, p.mirror);
		p = posture_of(se, 0, 4);
		q[3][i] = mirrored(swap_halves(swap_middle(sw ^ p.flip)), p.mirror);
	}
}

FN void join_quads_body(uint8_t *planes, ptrdiff_t stride, int n) {
	u64 *q[4];
	for (int k = 0; k < 4; k++)
		q[k] = (u64 *)(planes + k * stride);
	for (int i = 0; i < (n + 7) / 8; i++) {
		u64 nw = q[0][i], ne = q[1][i], se = q[2][i], sw = q[3][i];
		posture p = posture_of(nw, 2, 6);
		q[1][i] = ne = swap_middle(mirrored(ne, p.mirror)) ^ p.flip;
		p = posture_of(ne, 4, 6);
		q[2][i] = se = mirrored(se, p.mirror) ^ p.flip;
		p = posture_of(se, 0, 4);
		q[3][i] = swap_middle(swap_halves(mirrored(sw, p.mirror))) ^ p.flip;
	}
}

BOTH(void, split_quads, (uint8_t *planes, ptrdiff_t stride, int n), (planes, stride, n))
BOTH(void, join_quads, (uint8_t *planes, ptrdiff_t stride, int n), (planes, stride, n))

void xb_split_quads(int fast, uint8_t *planes, ptrdiff_t stride, int n) { (fast ? split_quads_fast : split_quads_plain)(planes, stride, n); }
void xb_join_quads(int fast, uint8_t *planes, ptrdiff_t stride, int n) { (fast ? join_quads_fast : join_quads_plain)(planes, stride, n); }
