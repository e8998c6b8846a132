//go:build cgo && !purego && (amd64 || arm64)

// The inner loops, with the same sums as in the Go files of the same names; every function twice, for any processor and for those with AVX2 and BMI2.
#include "kernel.h"

#include <string.h>

#define FN static inline __attribute__((always_inline))

#if defined(__x86_64__) && !defined(__clang__)
#define X86 1
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

// CHUNK blocks are read at a time, their entries kept whole: vectors then part the symbols from them. ROUND is how many symbols of a lane one refill serves.
enum { CHUNK = 256, ROUND = 4 };

// A lane reads a stream: next is what is left of the bits loaded from at, below a bit that marks their end.
typedef struct {
	const uint8_t *at[XB_STREAMS];
	u64 next[XB_STREAMS];
	uint16_t *stop; // for rounds_fast
	uint16_t entries[XB_STREAMS][CHUNK];
} lanes;

// refill makes at least 56 bits of next good. Beyond the end are zeros, which no stream needs.
FN u64 refill(const uint8_t **at, u64 next) {
	unsigned used = __builtin_clzll(next);
	*at += used >> 3;
	return (load64(*at) | (u64)1 << 63) >> (used & 7);
}

#define ENTRY(next, table, bits) ({ \
	unsigned e_ = (table)[(next) & ((1 << (bits)) - 1)]; \
	(next) >>= e_ & 63; \
	e_; \
})

// FOUR reads a round of four lanes, in turns: one lane alone would mostly wait for its own table.
#define FOUR(l, s, i, table0, bits0, table1, bits1, table2, bits2) do { \
	u64 a_ = refill(&(l)->at[s], (l)->next[s]), b_ = refill(&(l)->at[s + 1], (l)->next[s + 1]); \
	u64 c_ = refill(&(l)->at[s + 2], (l)->next[s + 2]), d_ = refill(&(l)->at[s + 3], (l)->next[s + 3]); \
	for (int k_ = i; k_ < i + ROUND; k_++) { \
		(l)->entries[s][k_] = ENTRY(a_, table0, bits0); \
		(l)->entries[s + 1][k_] = ENTRY(b_, table1, bits1); \
		(l)->entries[s + 2][k_] = ENTRY(c_, table2, bits2); \
		(l)->entries[s + 3][k_] = ENTRY(d_, table2, bits2); \
	} \
	(l)->next[s] = a_, (l)->next[s + 1] = b_, (l)->next[s + 2] = c_, (l)->next[s + 3] = d_; \
} while (0)

// rounds_plain fills count entries of every lane, a multiple of ROUND, where none comes near its end.
FN void rounds_plain(lanes *l, const uint16_t *tables, int count) {
	const uint16_t *first = tables, *quad = tables + XB_TABLE, *green = tables + 2 * XB_TABLE, *red_blue = tables + 3 * XB_TABLE;
	for (int i = 0; i < count; i += ROUND) {
		__asm__("" : "+r"(l) : : "memory"); // GCC would have the lanes in registers, of which there are too few
		FOUR(l, 0, i, first, FIRST_BITS, quad, QUAD_BITS, quad, QUAD_BITS);
		__asm__("" : "+r"(l) : : "memory");
		FOUR(l, 4, i, green, GREEN_BITS, green, GREEN_BITS, red_blue, RED_BLUE_BITS);
	}
}

typedef void rounds_function(lanes *l, const uint16_t *tables, int count);

FN int read_body(rounds_function *rounds_of, uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed,
	const uint32_t *ends) {
	lanes l;
	ptrdiff_t most[XB_STREAMS]; // bytes that a round can take
	for (int s = 0; s < XB_STREAMS; s++) {
		l.at[s] = packed + (s ? ends[s - 1] : 0);
		l.next[s] = (u64)1 << 63;
		most[s] = (ROUND * longest[code_of[s]] + 7) / 8;
	}
	int i = 0;
	for (;;) {
		// As long as no lane can come within a word of its end, nobody looks where the ends are.
		ptrdiff_t rounds = (n - i < CHUNK ? n - i : CHUNK) / ROUND;
		for (int s = 0; s < XB_STREAMS; s++) {
			ptrdiff_t left = packed + ends[s] - l.at[s] - 8 - 7; // 7: what is used of next, but not yet counted in at
			if (left < rounds * most[s])
				rounds = left < most[s] ? 0 : left / most[s];
		}
		if (rounds == 0)
			break;
		const int count = ROUND * rounds;
		rounds_of(&l, tables, count);
		for (int s = 0; s < 6; s++)
			for (int k = 0; k < count; k++)
				planes[s * stride + i + k] = l.entries[s][k] >> BYTE;
		for (int s = 6; s < XB_STREAMS; s++)
			for (int k = 0; k < count; k++)
				((uint16_t *)(planes + plane_at(s, stride)))[i + k] = l.entries[s][k] >> WORD;
		i += count;
	}
	// The ends, a stream after the other.
	for (int s = 0; s < XB_STREAMS; s++) {
		static const int bits_of[XB_CODES] = {FIRST_BITS, QUAD_BITS, GREEN_BITS, RED_BLUE_BITS};
		const int code = code_of[s];
		const uint16_t *table = tables + code * XB_TABLE;
		const uint8_t *at = l.at[s], *end = packed + ends[s];
		u64 next = l.next[s];
		for (int k = i; k < n; k++) {
			next = refill(&at, next);
			if (at > end)
				return s;
			unsigned e = ENTRY(next, table, bits_of[code]);
			if (s < 6)
				planes[s * stride + k] = e >> BYTE;
			else
				((uint16_t *)(planes + plane_at(s, stride)))[k] = e >> WORD;
		}
		unsigned used = __builtin_clzll(next);
		at += used >> 3, used &= 7;
		if (at + (used > 0) != end || (used > 0 && *at >> used != 0))
			return s;
	}
	return XB_STREAMS;
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

/* Colours: as in colours.go, but that each channel has a byte of its word, so that vectors of bytes can put them in their places. */

#define DOUBLE(x) ((u64)(x) | (u64)(x) << 32)
#define CHANNELS DOUBLE(0x1f | 0x3f << 8 | 0x1f << 16)
#define GUARDS DOUBLE(1 << 5 | 1 << 14 | 1 << 21)
#define BLUES DOUBLE(0x1f)

FN u64 spread(uint32_t colours) {
	u64 w = (colours & 0xffff) | (u64)(colours >> 16) << 32;
	return (w & DOUBLE(0x1f)) | (w & DOUBLE(0x7e0)) << 3 | (w & DOUBLE(0xf800)) << 5;
}

FN uint32_t gather(u64 v) {
	u64 w = (v & DOUBLE(0x1f)) | (v >> 3 & DOUBLE(0x7e0)) | (v >> 5 & DOUBLE(0xf800));
	return (uint32_t)w | (uint32_t)(w >> 16);
}

FN uint32_t turn_rows(uint32_t rows) { return (rows & 0xf00ff00f) | (rows & 0x00f000f0) << 4 | (rows >> 4 & 0x00f000f0); }

// expected is right in CHANNELS only. What else there is in it never carries into them when something is added.
FN u64 expected(u64 left, u64 up) { return (left + up) >> 1; }

// colours_of turns a row of what was not expected into colours. up is the row above, 0 for the first.
FN void colours_of(u64 *restrict row, const u64 *restrict up, int w) {
	u64 left = up ? up[0] : 0;
	for (int x = 0; x < w; x++)
		row[x] = left = (expected(left, up ? up[x] : left) + row[x]) & CHANNELS;
}

// colours_of_four does four rows at once, each a block behind the one above: alone each would mostly wait for its left neighbour. There are four columns at
// least.
FN void colours_of_four(u64 *restrict row, const u64 *restrict up, int w) {
	u64 *restrict r1 = row + w - 1, *restrict r2 = row + 2 * w - 2, *restrict r3 = row + 3 * w - 3; // so that x counts for all
	u64 a = up ? up[0] : 0, b, c, d;
#define NEXT(left, above, at) at = left = (expected(left, above) + at) & CHANNELS
#define FIRST(left, above, at) at = left = (above + at) & CHANNELS
	FIRST(a, a, row[0]);
	FIRST(b, a, r1[1]);
	NEXT(a, (up ? up[1] : a), row[1]);
	FIRST(c, b, r2[2]);
	NEXT(b, a, r1[2]);
	NEXT(a, (up ? up[2] : a), row[2]);
	FIRST(d, c, r3[3]);
	for (int x = 3;; x++) {
		NEXT(c, b, r2[x]);
		NEXT(b, a, r1[x]);
		NEXT(a, (up ? up[x] : a), row[x]);
		if (x == w - 1)
			break;
		NEXT(d, c, r3[x + 1]);
	}
	NEXT(d, c, r3[w]);
	NEXT(c, b, r2[w]);
	NEXT(b, a, r1[w]);
	NEXT(d, c, r3[w + 1]);
	NEXT(c, b, r2[w + 1]);
	NEXT(d, c, r3[w + 2]);
#undef FIRST
#undef NEXT
}

// unexpected_plain puts what was not expected of n blocks into words; blocks_plain makes blocks of such words and of their rows of indices.
FN void unexpected_plain(u64 *restrict to, const uint8_t *g0, const uint8_t *g1, const uint16_t *rb0, const uint16_t *rb1, int n) {
	for (int i = 0; i < n; i++) {
		u64 green = g0[i] | (u64)g1[i] << 32, rb = rb0[i] | (u64)rb1[i] << 32, half = green >> 1 & BLUES;
		to[i] = ((((rb | rb << 11) & DOUBLE(0x1f | 0x1f << 16)) + half + (half << 16)) & CHANNELS) | green << 8;
	}
}

FN void blocks_plain(uint8_t *restrict raw, ptrdiff_t step, const u64 *colours, const uint8_t *r0, const uint8_t *r1, const uint8_t *r2, const uint8_t *r3, int n) {
	for (int i = 0; i < n; i++) {
		uint32_t rows = r0[i] | (uint32_t)r1[i] << 8 | (uint32_t)r2[i] << 16 | (uint32_t)r3[i] << 24;
		store64(raw + i * step, gather(colours[i]) | (u64)rows << 32);
	}
}

#if X86
#include "kernel_x86.h"
#else
#define unexpected_fast unexpected_plain
#define blocks_fast blocks_plain
#define rounds_fast rounds_plain
#endif

FAST static int read_fast(uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed, const uint32_t *ends) {
	return read_body(rounds_fast, planes, stride, n, tables, longest, packed, ends);
}
static int read_plain(uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed, const uint32_t *ends) {
	return read_body(rounds_plain, planes, stride, n, tables, longest, packed, ends);
}

int xb_read(int fast, uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed, const uint32_t *ends) {
	return (fast ? read_fast : read_plain)(planes, stride, n, tables, longest, packed, ends);
}

typedef void unexpected_function(u64 *, const uint8_t *, const uint8_t *, const uint16_t *, const uint16_t *, int);
typedef void blocks_function(uint8_t *, ptrdiff_t, const u64 *, const uint8_t *, const uint8_t *, const uint8_t *, const uint8_t *, int);

FN void join_body(unexpected_function *unexpected, blocks_function *blocks, const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *rows, uint8_t *raw,
	ptrdiff_t step) {
	const uint8_t *r0 = planes, *r1 = r0 + stride, *r2 = r1 + stride, *r3 = r2 + stride, *g0 = r3 + stride, *g1 = g0 + stride;
	const uint16_t *rb0 = (const uint16_t *)(planes + 6 * stride), *rb1 = (const uint16_t *)(planes + 8 * stride);
	u64 *up = 0, *here = rows; // four rows; of those before, the last is left in the other half
	for (int y = 0; y < h;) {
		const int count = w >= 4 && y + 4 <= h ? 4 : 1;
		unexpected(here, g0 + at, g1 + at, rb0 + at, rb1 + at, count * w);
		if (count == 4)
			up ? colours_of_four(here, up, w) : colours_of_four(here, 0, w);
		else
			up ? colours_of(here, up, w) : colours_of(here, 0, w);
		blocks(raw + at * step, step, here, r0 + at, r1 + at, r2 + at, r3 + at, count * w);
		up = here + (count - 1) * w;
		here = here == rows ? rows + 4 * w : rows;
		at += count * w;
		y += count;
	}
}

FAST static void join_fast(const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *rows, uint8_t *raw, ptrdiff_t step) {
	join_body(unexpected_fast, blocks_fast, planes, stride, at, w, h, rows, raw, step);
}
static void join_plain(const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *rows, uint8_t *raw, ptrdiff_t step) {
	join_body(unexpected_plain, blocks_plain, planes, stride, at, w, h, rows, raw, step);
}

void xb_join(int fast, const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, u64 *rows, uint8_t *raw, ptrdiff_t step) {
	(fast ? join_fast : join_plain)(planes, stride, at, w, h, rows, raw, step);
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
			u64 d = ((here[x] | GUARDS) - (expected(left[x], above[x]) & CHANNELS)) & CHANNELS, half = d >> 9 & BLUES;
			d = ((d | GUARDS) - half - (half << 16)) & CHANNELS;
			g0[x] = d >> 8 & 0x3f, g1[x] = d >> 40 & 0x3f;
			u64 rb = (d & BLUES) | (d >> 11 & DOUBLE(0x3e0));
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
		ne = swap_middle(mirrored(ne, p.mirror)) ^ p.flip;
		p = posture_of(ne, 4, 6);
		se = mirrored(se, p.mirror) ^ p.flip;
		p = posture_of(se, 0, 4);
		sw = swap_middle(swap_halves(mirrored(sw, p.mirror))) ^ p.flip;
		q[0][i] = (nw & EACH(0x0f)) | (ne & EACH(0x0f)) << 4;
		q[1][i] = (nw >> 4 & EACH(0x0f)) | (ne & EACH(0xf0));
		q[2][i] = (sw & EACH(0x0f)) | (se & EACH(0x0f)) << 4;
		q[3][i] = (sw >> 4 & EACH(0x0f)) | (se & EACH(0xf0));
	}
}

BOTH(void, split_quads, (uint8_t *planes, ptrdiff_t stride, int n), (planes, stride, n))
BOTH(void, join_quads, (uint8_t *planes, ptrdiff_t stride, int n), (planes, stride, n))

void xb_split_quads(int fast, uint8_t *planes, ptrdiff_t stride, int n) { (fast ? split_quads_fast : split_quads_plain)(planes, stride, n); }
void xb_join_quads(int fast, uint8_t *planes, ptrdiff_t stride, int n) { (fast ? join_quads_fast : join_quads_plain)(planes, stride, n); }
