#!/usr/bin/env bash
# All the tests there are. Drills that take long (kills, faults by the thousand) run once, in the plain pass; the other passes are -short.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/check.sh

work=$(mktemp -d)
failed=
trap '[ -n "$failed" ] || rm -rf "$work"' EXIT
go build -o "$work/testsum" ./internal/testsum

# The packages whose tests take longest are named first, so that none of them is left to the end with a processor idle beside it.
packages=(./pkg/mbtiles ./cmd/xelpack ./pkg/mount ./pkg/fetch ./...)

# A pass prints what it skipped and why: a skipped test must not look like a passed one.
pass() {
  local name=$1 log ok=1
  shift
  echo "== $name: go test $* (at ${SECONDS} s)"
  log=$work/$name.json
  # check.sh has vetted everything already. So many tests of a package run at once, however many processors there are: on many they would take
  # memory by the gigabyte, and on one they would wait for the disk one after the other.
  go test -json -vet=off -parallel 4 "$@" "${packages[@]}" >"$log" 2>&1 || ok=0
  printf '%s: ' "$name" >>"$work/counts"
  "$work/testsum" -counts "$work/counts" <"$log" || ok=0
  if [ $ok -eq 0 ]; then
    failed=yes
    echo "== $name FAILED; the whole log: $log" >&2
    exit 1
  fi
}

# A test that hangs gives up by itself at three quarters of the time-out (internal/patience), so it is long: on a machine that does other work too, a package takes
# several times as long as on one that does not.
timeout=20m

# One suite, four times: everything; what is not ordered; Go's JPEG code instead of C; and what only works because something else runs beside it.
pass plain -timeout $timeout
pass race -race -short -timeout $timeout
pass purego -tags purego -short -timeout $timeout
# One processor for each package's tests, two packages at once: go test takes GOMAXPROCS for the number of packages, too.
GOMAXPROCS=1 pass "one processor" -p 2 -short -timeout $timeout
echo "took $SECONDS s"
# The passes run one suite, so their numbers are not added up.
cat "$work/counts"
