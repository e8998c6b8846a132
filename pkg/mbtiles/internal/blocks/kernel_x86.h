// What kernel.c does otherwise on x86-64 with AVX2 and BMI2. It is part of that file.
#include <immintrin.h>

/* Streams */

// rounds_fast is rounds_plain with all eight lanes in registers, 14 in all, which no compiler finds: rdi points to the lanes, rsi to the tables, rdx to the
// entries of this round; rcx has the highest bit, rax and rbx are for the moment, r8 to r15 are next of each lane.
_Static_assert(ROUND == 4 && CHUNK == 256 && XB_TABLE == 4096, "the offsets below");
_Static_assert(offsetof(lanes, next) == 64 && offsetof(lanes, stop) == 128 && offsetof(lanes, entries) == 136, "the offsets below");
_Static_assert(FIRST_BITS == 11 && QUAD_BITS == 12 && GREEN_BITS == 10 && RED_BLUE_BITS == 12, "the masks below");

#define REFILL(s, r) \
	"lzcnt %%" r ", %%rbx\n\t" \
	"mov %%ebx, %%eax\n\t" \
	"shr $3, %%eax\n\t" \
	"add 8*" #s "(%%rdi), %%rax\n\t" \
	"mov %%rax, 8*" #s "(%%rdi)\n\t" \
	"mov (%%rax), %%" r "\n\t" \
	"or %%rcx, %%" r "\n\t" \
	"and $7, %%ebx\n\t" \
	"shrx %%rbx, %%" r ", %%" r "\n\t"
#define NEXT(s, k, r, code, mask) \
	"mov %%" r "d, %%eax\n\t" \
	"and $" #mask ", %%eax\n\t" \
	"movzwl 8192*" #code "(%%rsi,%%rax,2), %%eax\n\t" \
	"mov %%ax, 512*" #s "+2*" #k "(%%rdx)\n\t" \
	"shrx %%rax, %%" r ", %%" r "\n\t"
#define EIGHT(k) \
	NEXT(0, k, "r8", 0, 0x7ff) NEXT(1, k, "r9", 1, 0xfff) NEXT(2, k, "r10", 1, 0xfff) NEXT(3, k, "r11", 1, 0xfff) \
	NEXT(4, k, "r12", 2, 0x3ff) NEXT(5, k, "r13", 2, 0x3ff) NEXT(6, k, "r14", 3, 0xfff) NEXT(7, k, "r15", 3, 0xfff)

FAST static __attribute__((noinline)) void rounds_fast(lanes *l, const uint16_t *tables, int count) {
	l->stop = l->entries[0] + count;
	__asm__ volatile(
		"mov 64(%%rdi), %%r8\n\t mov 72(%%rdi), %%r9\n\t mov 80(%%rdi), %%r10\n\t mov 88(%%rdi), %%r11\n\t"
		"mov 96(%%rdi), %%r12\n\t mov 104(%%rdi), %%r13\n\t mov 112(%%rdi), %%r14\n\t mov 120(%%rdi), %%r15\n\t"
		"lea 136(%%rdi), %%rdx\n\t"
		"mov $1, %%ecx\n\t ror $1, %%rcx\n\t"
		".p2align 5\n"
		"1:\n\t"
		REFILL(0, "r8") REFILL(1, "r9") REFILL(2, "r10") REFILL(3, "r11") REFILL(4, "r12") REFILL(5, "r13") REFILL(6, "r14") REFILL(7, "r15")
		EIGHT(0) EIGHT(1) EIGHT(2) EIGHT(3)
		"add $8, %%rdx\n\t"
		"cmp 128(%%rdi), %%rdx\n\t"
		"jb 1b\n\t"
		"mov %%r8, 64(%%rdi)\n\t mov %%r9, 72(%%rdi)\n\t mov %%r10, 80(%%rdi)\n\t mov %%r11, 88(%%rdi)\n\t"
		"mov %%r12, 96(%%rdi)\n\t mov %%r13, 104(%%rdi)\n\t mov %%r14, 112(%%rdi)\n\t mov %%r15, 120(%%rdi)\n\t"
		: "+D"(l), "+S"(tables)
		:
		: "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}
#undef NEXT

/* Colours: 16 blocks at a time, every channel a byte of a vector before they are put together. What is left over goes the plain way. */

FAST static __m128i load128(const void *p) { return _mm_loadu_si128(p); }

// spread_16 makes four vectors of four words of a colour each.
FAST static inline void spread_16(__m128i out[4], const uint8_t *g, const uint16_t *rb) {
	const __m128i five = _mm_set1_epi8(0x1f), low = _mm_set1_epi16(0x1f), zero = _mm_setzero_si128();
	__m128i green = load128(g), first = load128(rb), second = load128(rb + 8);
	__m128i half = _mm_and_si128(_mm_srli_epi16(green, 1), five);
	__m128i blue = _mm_packus_epi16(_mm_and_si128(first, low), _mm_and_si128(second, low));
	__m128i red = _mm_packus_epi16(_mm_srli_epi16(first, 5), _mm_srli_epi16(second, 5));
	blue = _mm_and_si128(_mm_add_epi8(blue, half), five), red = _mm_and_si128(_mm_add_epi8(red, half), five);
	__m128i bg = _mm_unpacklo_epi8(blue, green), r = _mm_unpacklo_epi8(red, zero);
	out[0] = _mm_unpacklo_epi16(bg, r), out[1] = _mm_unpackhi_epi16(bg, r);
	bg = _mm_unpackhi_epi8(blue, green), r = _mm_unpackhi_epi8(red, zero);
	out[2] = _mm_unpacklo_epi16(bg, r), out[3] = _mm_unpackhi_epi16(bg, r);
}

FAST static void unexpected_fast(u64 *restrict to, const uint8_t *g0, const uint8_t *g1, const uint16_t *rb0, const uint16_t *rb1, int n) {
	int i = 0;
	for (; i + 16 <= n; i += 16) {
		__m128i first[4], second[4];
		spread_16(first, g0 + i, rb0 + i), spread_16(second, g1 + i, rb1 + i);
		for (int k = 0; k < 4; k++) {
			_mm_storeu_si128((__m128i *)(to + i + 4 * k), _mm_unpacklo_epi32(first[k], second[k]));
			_mm_storeu_si128((__m128i *)(to + i + 4 * k + 2), _mm_unpackhi_epi32(first[k], second[k]));
		}
	}
	unexpected_plain(to + i, g0 + i, g1 + i, rb0 + i, rb1 + i, n - i);
}

// gather_4 makes RGB 5:6:5 of four words: blue + 32 green + 2048 red.
FAST static inline __m128i gather_4(const u64 *v) {
	__m128i pairs = _mm_maddubs_epi16(load128(v), _mm_set1_epi32(1 | 32 << 8 | 1 << 16));
	return _mm_madd_epi16(pairs, _mm_set1_epi32(1 | 2048 << 16));
}

FAST static void blocks_fast(uint8_t *raw, ptrdiff_t step, const u64 *colours, const uint8_t *r0, const uint8_t *r1, const uint8_t *r2, const uint8_t *r3, int n) {
	int i = 0;
	for (; i + 16 <= n; i += 16) {
		__m128i north = load128(r0 + i), second = load128(r1 + i), third = load128(r2 + i), south = load128(r3 + i), rows[4];
		__m128i upper = _mm_unpacklo_epi8(north, second), lower = _mm_unpacklo_epi8(third, south);
		rows[0] = _mm_unpacklo_epi16(upper, lower), rows[1] = _mm_unpackhi_epi16(upper, lower);
		upper = _mm_unpackhi_epi8(north, second), lower = _mm_unpackhi_epi8(third, south);
		rows[2] = _mm_unpacklo_epi16(upper, lower), rows[3] = _mm_unpackhi_epi16(upper, lower);
		for (int k = 0; k < 4; k++) {
			__m128i both = _mm_packus_epi32(gather_4(colours + i + 4 * k), gather_4(colours + i + 4 * k + 2));
			__m128i a = _mm_unpacklo_epi32(both, rows[k]), b = _mm_unpackhi_epi32(both, rows[k]);
			uint8_t *to = raw + (i + 4 * k) * step;
			if (step == 8) {
				_mm_storeu_si128((__m128i *)to, a), _mm_storeu_si128((__m128i *)(to + 16), b);
			} else {
				store64(to, _mm_cvtsi128_si64(a)), store64(to + step, _mm_extract_epi64(a, 1));
				store64(to + 2 * step, _mm_cvtsi128_si64(b)), store64(to + 3 * step, _mm_extract_epi64(b, 1));
			}
		}
	}
	blocks_plain(raw + i * step, step, colours + i, r0 + i, r1 + i, r2 + i, r3 + i, n - i);
}
