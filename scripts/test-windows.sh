#!/usr/bin/env bash
# Tests of the portable packages, and the command itself, under wine 10. Root: wine lives in a
# folder of Debian trixie that debootstrap makes, beside the cross compilers.
#
#   scripts/test-windows.sh                    all
#   scripts/test-windows.sh ./pkg/tiles …      these packages only
#
# What cannot pass, and why, is in scripts/cross/windows-skip.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
export CROSS_CACHE=${CROSS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xelpack-cross}
[ "$(id -u)" = 0 ] || { echo "test-windows: must be root: wine runs in a folder of its own (chroot)" >&2; exit 1; }
scripts/setup.sh debootstrap
trixie=$CROSS_CACHE/trixie
if [ ! -e "$trixie/.wine-is-there" ]; then
  rm -rf "$trixie"
  debootstrap --variant=minbase trixie "$trixie" http://deb.debian.org/debian >/dev/null
  chroot "$trixie" apt-get -qq update
  DEBIAN_FRONTEND=noninteractive chroot "$trixie" apt-get install -qq --no-install-recommends wine64 >/dev/null
  touch "$trixie/.wine-is-there"
fi

settings=$(scripts/cross.sh env windows/amd64)
# What wine starts besides keeps the output of its first program: that is this one, for as long as
# the tests run.
scripts/cross/wine ping -n 100000 127.0.0.1 </dev/null >/dev/null 2>&1 &
keeper=$!
work=$(mktemp -d)
trap 'kill $keeper; rm -rf "$work"' EXIT

if [ $# -eq 0 ]; then
  scripts/cross.sh windows/amd64
  scripts/cross/flight-windows.sh
  mapfile -t packages < <(GOOS=windows go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)
  set -- "${packages[@]}"
fi
eval "$settings"
export WORK=$work BUILD_TAGS

# one PACKAGE tests it. Flags are those of the program, so that what both have is compiled once;
# without symbols it links sooner.
one() {
  local package=${1#./} skip
  package=${package#github.com/xelpack/xelpack/}
  grep "^$package " scripts/cross/windows-skip.txt >"$WORK/${package//\//_}.skip" || true
  sed 's/^/test-windows: left out: /' "$WORK/${package//\//_}.skip"
  skip=$(cut -d ' ' -f 2 "$WORK/${package//\//_}.skip" | paste -sd'|')
  [ "$skip" != . ] || return 0
  go test -vet=off -short -timeout 30m -trimpath -tags "$BUILD_TAGS" -ldflags "-s -w" -exec "$PWD/scripts/cross/wine" -skip "${skip:-^$}" "github.com/xelpack/xelpack/$package" >"$WORK/${package//\//_}.log" 2>&1 ||
    echo "$package" >>"$WORK/failed"
  cat "$WORK/${package//\//_}.log"
}
export -f one
# While one package's tests run, the next ones are compiled.
printf '%s\n' "$@" | xargs -P 2 -I '{}' bash -euo pipefail -c 'one {}'
[ ! -e "$work/failed" ] || { echo "test-windows: failed: $(paste -sd' ' "$work/failed")" >&2; exit 1; }
echo "test-windows: all passed in $((SECONDS / 60)) min"
