// What the Go side and the C side of the JPEG decoder agree on.
#ifndef XELPACK_JPEG_TURBO_H
#define XELPACK_JPEG_TURBO_H

enum {
	XP_OK,
	XP_WARNED,    // pixels are there, but libjpeg complained
	XP_FAILED,    // libjpeg gave up
	XP_SIZE,      // not side×side
	XP_COLORS,    // CMYK, YCCK
	XP_NO_MEMORY, // no decoder
};

// xp_jpeg has a decoder, made at the first call, and what the last call found out.
typedef struct {
	void *handle;
	int width, height; // once known
	char message[200]; // of XP_WARNED and XP_FAILED
} xp_jpeg;

// xp_jpeg_decode decodes into side×side RGBA pixels.
int xp_jpeg_decode(xp_jpeg *d, const unsigned char *jpeg, unsigned long length, unsigned char *rgba, int side);
void xp_jpeg_close(xp_jpeg *d);
const char *xp_jpeg_version(void);

#endif
