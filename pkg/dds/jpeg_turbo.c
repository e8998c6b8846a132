//go:build cgo && !purego

#include "jpeg_turbo.h"

#include <stdio.h>
#include <turbojpeg.h>

#if defined(__has_include)
#if __has_include(<jconfig.h>)
#include <jconfig.h>
#endif
#endif

#define STR2(x) #x
#define STR(x) STR2(x)

const char *xp_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
	return "libjpeg-turbo " STR(LIBJPEG_TURBO_VERSION);
#else
	return "libjpeg-turbo 2";
#endif
}

static int warned(xp_jpeg *d) {
	snprintf(d->message, sizeof d->message, "%s", tjGetErrorStr2(d->handle));
	return tjGetErrorCode(d->handle) == TJERR_WARNING;
}

static int decode(xp_jpeg *d, const unsigned char *jpeg, unsigned long length, unsigned char *rgba, int side) {
	int subsampling, colors;
	if (!d->handle && !(d->handle = tjInitDecompress())) return XP_NO_MEMORY;
	d->width = d->height = 0; // what a header that is cut short does not say must not be the last picture's
	// A warning about the header comes again from the decoder below.
	if (tjDecompressHeader3(d->handle, jpeg, length, &d->width, &d->height, &subsampling, &colors) && !warned(d)) return XP_FAILED;
	if (d->width != side || d->height != side) return XP_SIZE;
	if (colors == TJCS_CMYK || colors == TJCS_YCCK) return XP_COLORS;
	if (tjDecompress2(d->handle, jpeg, length, rgba, side, side * 4, side, TJPF_RGBA, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS))
		return warned(d) ? XP_WARNED : XP_FAILED;
	return XP_OK;
}

// Anything but a good picture ends the decoder: TurboJPEG 2.1 does not reset it after trouble in the header, and would refuse the next picture for it.
int xp_jpeg_decode(xp_jpeg *d, const unsigned char *jpeg, unsigned long length, unsigned char *rgba, int side) {
	int result = decode(d, jpeg, length, rgba, side);
	if (result != XP_OK) xp_jpeg_close(d);
	return result;
}

void xp_jpeg_close(xp_jpeg *d) {
	if (d->handle) tjDestroy(d->handle);
	d->handle = NULL;
}
