#!/usr/bin/env bash
# Runs tests while others take all processors: twice as many busy loops as there are processors run
# beside them, and end with this script.
#
#   scripts/busy.sh [ARGUMENT OF go test…]      default: ./..., every package's tests
#   scripts/busy.sh -run '^TestDiskCache' -count 30 ./pkg/mount
set -euo pipefail
cd "$(dirname "$0")/.."

go build ./... # before the loops begin: it is the tests that are to be slowed down

tests= loops=()
trap '[ ${#loops[@]} -eq 0 ] || kill "${loops[@]}" 2>/dev/null || true' EXIT
trap 'kill "$tests" 2>/dev/null; exit 130' INT TERM HUP
for _ in $(seq $((2 * $(nproc)))); do
  # A loop that finds the script gone, by SIGKILL too, ends by itself.
  (
    trap - EXIT INT TERM HUP
    while kill -0 $$ 2>/dev/null; do
      for ((i = 0; i < 300000; i++)); do :; done
    done
  ) &
  loops+=($!)
done

[ $# -gt 0 ] || set -- ./pkg/mbtiles ./cmd/xelpack ./pkg/mount ./pkg/fetch ./... # the longest first
# Four times the time-out of scripts/test.sh.
go test -vet=off -count 1 -parallel 4 -timeout 80m "$@" &
tests=$! # in the background, so that a signal to this script does not wait for it
wait "$tests"
