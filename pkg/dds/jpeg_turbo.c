//go:build cgo && !purego

#include "jpeg_turbo.h"

#include <stddef.h>
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

int xp_jpeg_decode(void **handle, const unsigned char *jpeg, unsigned long length, unsigned char *rgba, int size[2]) {
	int subsampling, colors;
	if (!*handle && !(*handle = tjInitDecompress())) return XP_NO_MEMORY;
	// A warning in the header may be harmless; the same data warn again below.
	if (tjDecompressHeader3(*handle, jpeg, length, &size[0], &size[1], &subsampling, &colors) && tjGetErrorCode(*handle) != TJERR_WARNING)
		return XP_FAILED;
	if (size[0] != 256 || size[1] != 256) return XP_SIZE;
	if (colors == TJCS_CMYK || colors == TJCS_YCCK) return XP_COLORS;
	if (tjDecompress2(*handle, jpeg, length, rgba, 256, 256 * 4, 256, TJPF_RGBA, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS))
		return tjGetErrorCode(*handle) == TJERR_WARNING ? XP_WARNED : XP_FAILED;
	return XP_OK;
}

const char *xp_jpeg_message(void *handle) { return tjGetErrorStr2(handle); }

void xp_jpeg_close(void *handle) {
	if (handle) tjDestroy(handle);
}
