cgo-gcc-input-2512973366.o: /tmp/cgo-gcc-input-2512973366.c \
  /root/.cache/xelpack-cross/zig/package/lib/include/stddef.h \
  /root/.cache/xelpack-cross/zig/package/lib/include/__stddef_max_align_t.h \
  jpeg_turbo.h
