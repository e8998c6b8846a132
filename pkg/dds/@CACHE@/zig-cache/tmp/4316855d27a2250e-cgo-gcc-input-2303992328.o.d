@CACHE@/zig-cache/tmp/4316855d27a2250e-cgo-gcc-input-2303992328.o: \
  /tmp/cgo-gcc-input-2303992328.c \
  /root/.cache/xelpack-cross/zig/package/lib/include/stddef.h \
  /root/.cache/xelpack-cross/zig/package/lib/include/__stddef_max_align_t.h \
  jpeg_turbo.h
