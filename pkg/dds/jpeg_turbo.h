// What the Go side and the C side of the JPEG decoder agree on.
#ifndef XELPACK_JPEG_TURBO_H
#define XELPACK_JPEG_TURBO_H

enum {
	XP_OK,
	XP_WARNED,    // pixels are there, but libjpeg complained
	XP_FAILED,    // libjpeg gave up
	XP_SIZE,      // not 256×256
	XP_COLORS,    // CMYK, YCCK
	XP_NO_MEMORY, // no decoder
};

// xp_jpeg_decode decodes into 256×256 RGBA pixels. *handle is made at the first call. size receives width and height once they are known.
int xp_jpeg_decode(void **handle, const unsigned char *jpeg, unsigned long length, unsigned char *rgba, int size[2]);
const char *xp_jpeg_message(void *handle); // of the last XP_WARNED or XP_FAILED
void xp_jpeg_close(void *handle);
const char *xp_jpeg_version(void);

#endif
