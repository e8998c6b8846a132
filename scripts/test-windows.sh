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
if [ $# -eq 0 ]; then
  scripts/cross.sh windows/amd64
  scripts/cross/flight-windows.sh
  mapfile -t packages < <(GOOS=windows go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... |
    grep -vE '/internal/(demo|measure/beside|testing/(faultfs|mounttest|soak))$')
  set -- "${packages[@]}"
fi
eval "$settings"
failed=
for package in "$@"; do
  package=${package#./}
  skip=$(sed -n "s|^${package#github.com/xelpack/xelpack/} \\([^ ]*\\).*|\\1|p" scripts/cross/windows-skip.txt | paste -sd'|')
  [ -z "$skip" ] || echo "test-windows: $package without $skip: scripts/cross/windows-skip.txt says why"
  # One package after the other: they share one wine.
  go test -vet=off -short -timeout 30m -exec "$PWD/scripts/cross/wine" -skip "${skip:-^$}" "github.com/xelpack/xelpack/${package#github.com/xelpack/xelpack/}" || failed+=" $package"
done
[ -z "$failed" ] || { echo "test-windows: failed:$failed" >&2; exit 1; }
