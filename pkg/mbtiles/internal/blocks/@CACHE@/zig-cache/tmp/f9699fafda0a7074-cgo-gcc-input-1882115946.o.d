cgo-gcc-input-1882115946.o: /tmp/cgo-gcc-input-1882115946.c \
  /root/.cache/xelpack-cross/zig/package/lib/include/stddef.h \
  /root/.cache/xelpack-cross/zig/package/lib/include/__stddef_max_align_t.h \
  kernel.h /root/.cache/xelpack-cross/zig/package/lib/include/stdint.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/stdint.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_int8_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_int16_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_int32_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_int64_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/_types/_uint8_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/_types/_uint16_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/_types/_uint32_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/_types/_uint64_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos.11-any/sys/cdefs.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos.11-any/sys/_symbol_aliasing.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_posix_availability.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/machine/_types.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/aarch64-macos.11-none/arm/_types.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_pthread/_pthread_types.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_intptr_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/machine/types.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/aarch64-macos.11-none/arm/types.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_u_int8_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_u_int16_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_u_int32_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/sys/_types/_u_int64_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos.11-any/sys/_types/_uintptr_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/_types/_intmax_t.h \
  /root/.cache/xelpack-cross/zig/package/lib/libc/include/any-macos-any/_types/_uintmax_t.h
