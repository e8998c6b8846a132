// What the Go side and the C side agree on. The planes of a segment lie stride bytes apart in one piece of memory, in the order of the format: four of
// quads, two of green, and two of red and blue, which take twice the room.
#ifndef XELPACK_BLOCKS_H
#define XELPACK_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

enum {
	XB_STREAMS = 8,
	XB_CODES = 4,
	XB_TABLE = 1 << 12, // as maxLength
	XB_SYMBOLS = 1024,
	XB_SLACK = 16, // as Slack
};

// xb_fast says whether this processor has what the faster version of each function takes.
int xb_fast(void);

// xb_read fills the planes from n symbols a stream. The streams follow one another from packed on and end at ends; XB_SLACK bytes more can be read. longest
// is the longest word of each code. It returns the first stream that is not used up exactly, or XB_STREAMS.
int xb_read(int fast, uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *tables, const uint32_t *longest, const uint8_t *packed, const uint32_t *ends);

// xb_write is the inverse: it writes the streams from packed on, which has the room and XB_SLACK bytes more, and says where they end. words are by code.
void xb_write(int fast, const uint8_t *planes, ptrdiff_t stride, int n, const uint16_t *words, uint8_t *packed, uint32_t *ends);

// xb_count adds to the counts by code.
void xb_count(const uint8_t *planes, ptrdiff_t stride, int n, uint32_t *counts);

// xb_split makes the planes of an area of w by h blocks whose first one is number at. Blocks are step bytes apart. rows has room for 8 w words.
void xb_split(int fast, uint8_t *planes, ptrdiff_t stride, int at, int w, int h, uint64_t *rows, const uint8_t *raw, ptrdiff_t step);

// xb_join is the inverse. In the places of the quads it takes the rows of indices that xb_join_quads has made of them.
void xb_join(int fast, const uint8_t *planes, ptrdiff_t stride, int at, int w, int h, uint64_t *rows, uint8_t *raw, ptrdiff_t step);

// xb_split_quads and xb_join_quads work in place on n quads, and on what fills up the last word. The latter leaves rows of indices, from north to south.
void xb_split_quads(int fast, uint8_t *planes, ptrdiff_t stride, int n);
void xb_join_quads(int fast, uint8_t *planes, ptrdiff_t stride, int n);

#endif
