#!/usr/bin/env bash
# All the tests there are. Drills that take long (kills, faults by the thousand) run once, in the
# plain pass; the other passes are -short.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/check.sh

work=$(mktemp -d)
failed=
trap '[ -n "$failed" ] || rm -rf "$work"' EXIT

# The packages whose tests take longest are named first, so that none of them is left to the end
# with a processor idle beside it.
first=(./pkg/mbtiles ./cmd/xelpack ./internal/pack ./pkg/mount ./pkg/fetch)
# The packages that have goroutines, locks or channels of their own, in their tests at least. What
# others call of these is tested there.
racing=($(grep -rlE --include='*.go' '\bgo func|\.Go\(|\bsync\.|\batomic\.|\bchan\b' cmd internal pkg |
  xargs -n 1 dirname | sort -u | sed 's|^|./|'))
# The packages that have files of their own with the tag purego, and those that do nothing but call
# them. What is above them compiles the same lines with the tag as without.
pure=(./pkg/dds ./pkg/mbtiles/... ./internal/pack)
# The packages where goroutines wait for each other: what works only because something else runs at
# the same moment shows here.
waiting=(./pkg/mbtiles ./pkg/mount ./pkg/fetch/... ./internal/pack ./internal/inorder ./internal/progress
  ./internal/observe/... ./internal/replay ./internal/trace)

# pass NAME PACKAGES… -- FLAGS… prints what it skipped and why: a skipped test must not look like a
# passed one.
pass() {
  local name=$1 log ok=1 packages=()
  shift
  while [ "$1" != -- ]; do
    packages+=("$1")
    shift
  done
  shift
  echo "== $name: go test $* (at ${SECONDS} s)"
  log=$work/$name
  # check.sh has vetted everything already. So many tests of a package run at once, however many
  # processors there are: on many they would take memory by the gigabyte, and on one they would wait
  # for the disk one after the other.
  go tool gotestsum --no-color --format pkgname --format-icons text --format-hide-empty-pkg --jsonfile "$log.json" -- \
    -vet=off -parallel 4 "$@" "${packages[@]}" | tee "$log.txt" || ok=0
  # "DONE n tests": a pass without a test has not passed.
  grep -q '^DONE [1-9]' "$log.txt" || ok=0
  echo "$(tail -n 1 "$log.txt"): $name" >>"$work/counts"
  if [ $ok -eq 0 ]; then
    failed=yes
    echo "== $name FAILED; the whole log: $log.json" >&2
    exit 1
  fi
}

# A test that hangs gives up by itself at three quarters of the time-out (internal/patience), so it
# is long: on a machine that does other work too, a package takes several times as long as on one
# that does not.
timeout=20m

# Everything; what is not ordered; Go's code instead of C; and what only works because something
# else runs beside it. CONTRIBUTING.md says what each pass has found.
pass plain "${first[@]}" ./... -- -timeout $timeout
# At its end a process with the race detector sleeps, for a second unless it is told otherwise, so
# that what still runs can be seen. So does every child: a reader of mounts, a drill's client.
GORACE=atexit_sleep_ms=10 pass race "${first[@]}" "${racing[@]}" -- -race -short -timeout $timeout
go build -tags purego ./...
pass purego "${pure[@]}" -- -tags purego -short -timeout $timeout
# One processor for each package's tests, two packages at once: go test takes GOMAXPROCS for the
# number of packages, too.
GOMAXPROCS=1 pass "one processor" "${waiting[@]}" -- -p 2 -short -timeout $timeout
echo "took $SECONDS s"
# The passes run one suite, so their numbers are not added up.
cat "$work/counts"
