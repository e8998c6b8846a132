@CACHE@/zig-cache/tmp/a2fb7a1354fa96d-cgo-gcc-input-390480629.o: \
  /tmp/cgo-gcc-input-390480629.c \
  /root/.cache/xelpack-cross/zig/package/lib/include/stddef.h \
  /root/.cache/xelpack-cross/zig/package/lib/include/__stddef_max_align_t.h \
  jpeg_turbo.h
