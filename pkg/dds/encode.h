// What the Go side and the C side of the encoder agree on.
#ifndef XELPACK_ENCODE_H
#define XELPACK_ENCODE_H

#include <stddef.h>
#include <stdint.h>

// As Quality in quality.go.
enum { XP_GOOD, XP_FAST, XP_BEST };

// As the constants of the same names in bc1.go.
enum {
	XP_STARTS = 8,
	XP_GOOD_STARTS = 4,
	XP_BEST_CUTS = 2,
	XP_BEST_ROUNDS = 3,
	XP_BEST_WALKS = 2,
	XP_NEARLY_FLAT = 48 * 1024 / 16,
	XP_BEST_NEARLY_FLAT = 16 * 48 * 1024 / 4,
};

// Clang does not know GCC's way to choose the processor for a file; it gets the plain version.
#if defined(__x86_64__) && !defined(__clang__)
#define XP_X86
#endif

// As path in encode_c.go.
enum { XP_PLAIN, XP_AVX2, XP_AVX512 };

// xp_best_path is the fastest of them that this processor can run.
int xp_best_path(void);

// xp_encoder turns a row of RGBA blocks, a multiple of XP_ROW of them, four rows of pixels stride bytes apart, into blocks one after another.
typedef void xp_encoder(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int blocks, int quality);
xp_encoder xp_bc1_plain, xp_bc1_avx2, xp_bc1_avx512;

// xp_alpha encodes the alpha of a row of blocks: the first half of every 16-byte BC3 block.
void xp_alpha(uint8_t *dst, const uint8_t *px, ptrdiff_t stride, int blocks);

enum {
	XP_LEVELS = 7, // mip levels of a chunk, 256…4 px
	XP_ROW = 32,
	XP_STRIP = 352, // blocks of the levels of 64 px and less, 341, as whole rows
	XP_PLANE = 192, // 128 values and room for the end of four vectors
};

// Where a chunk's levels go: the first block's offset and the distance of rows of blocks, in bytes.
typedef struct {
	int64_t offset[XP_LEVELS], pitch[XP_LEVELS];
} xp_places;

// Scratch memory of one worker: 0.4 MB.
typedef struct {
	uint8_t pixels[256 * 256 * 4];
	uint8_t level1[128 * 128 * 4];
	uint8_t strip[4][XP_STRIP * 16]; // the smaller levels, block after block
	uint8_t blocks[XP_STRIP * 8];
	uint32_t tail[4 * 4 * 4]; // linear light of the last level
	uint32_t rows[XP_LEVELS][2][4][XP_PLANE]; // linear light, two rows of every level, by channel
} xp_scratch;

// xp_mipper computes the mip levels from the pixels.
typedef void xp_mipper(xp_scratch *s);
xp_mipper xp_mips_plain, xp_mips_avx2, xp_mips_avx512;

// xp_image encodes a picture of whole blocks; rows of blocks go pitch bytes apart.
void xp_image(int path, uint8_t *dst, ptrdiff_t pitch, const uint8_t *px, ptrdiff_t stride, int across, int down, int bc3, int quality);

// xp_chunk computes the levels and encodes them all.
void xp_chunk(int path, xp_scratch *s, uint8_t *out, const xp_places *to, int bc3, int quality);

// A weight that changes evenly from block to block, in 1/2^24, as ramp in recolour.go.
typedef struct {
	int32_t at, step;
} xp_ramp;

// xp_recolour changes blocks of a level that has so many across, from number first on, as
// recolourGo in recolour.go. dst may be src. Without a table, colours stay.
void xp_recolour(int path, uint8_t *dst, const uint8_t *src, int64_t blocks, int bc3, const uint32_t *table, const int32_t *saturation, const int32_t *white, int64_t first, int64_t across);

#endif
