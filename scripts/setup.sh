#!/usr/bin/env bash
# Installs what a fresh Debian machine lacks for building and testing xelpack. Called by `make test`
# and `make demo`; does nothing the second time. On other systems it names the packages and stops.
#
#   scripts/setup.sh              what the build, the tests and the demo need
#   scripts/setup.sh PACKAGE…     the same, and these as well (make bench asks for its baselines this way)
set -euo pipefail

# command or pkg-config module : Debian package
needed=(
  "gcc:gcc"
  "pkg-config:pkg-config"
  "pc/libturbojpeg:libturbojpeg0-dev"
  "fusermount3:fuse3"
)
# What tests and the demo use as independent readers. They are skipped, with a reason, where these
# cannot be had.
readers=(
  "convert:imagemagick"
  "gdalinfo:gdal-bin"
  "7z:p7zip-full"
  "sqlite3:sqlite3"
  "curl:curl"
  "minisign:minisign"
  "mkfs.xfs:xfsprogs"
)

present() {
  case $1 in
    pc/*) command -v pkg-config >/dev/null && pkg-config --exists "${1#pc/}" ;;
    # Some machines carry a stand-in called convert: only the real one has identify beside it.
    convert) command -v identify >/dev/null && command -v convert >/dev/null ;;
    *) PATH=$PATH:/usr/sbin command -v "$1" >/dev/null ;;
  esac
}

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q "ok installed"; }

missing=()
for item in "${needed[@]}" "${readers[@]}"; do
  present "${item%%:*}" || missing+=("${item#*:}")
done
for package in "$@"; do
  command -v dpkg-query >/dev/null && installed "$package" || missing+=("$package")
done

if ! command -v go >/dev/null; then
  echo "setup: Go is missing: install Go 1.26 or newer from https://go.dev/dl and put it on the PATH" >&2
  exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: this is not a Debian system; install what provides these Debian packages, then run again:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: not root and no sudo; as root run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "setup: installing ${missing[*]}" >&2
# apt prints to stderr so that the caller's standard output stays its own.
"${as_root[@]}" apt-get update -qq >&2
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
