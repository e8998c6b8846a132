#!/usr/bin/env bash
# Drills at full scale, as a table of what must be and what was measured. Fails when
# a figure is not met.
#
#   scripts/drill.sh REGEXP PACKAGE…     REGEXP chooses among the tests; Drill: all
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "| drill | must | measured | met |"
echo "|---|---|---|---|"
# One package after another: each drill wants the machine for itself.
set +e
XELPACK_DRILL=1 go test -p 1 -count=1 -v -timeout 2h -run "$1" "${@:2}" >"$log" 2>&1 &
pid=$!
tail -n +1 --pid "$pid" -f "$log" | grep --line-buffered '^| '
wait "$pid"
status=$?
set -e
grep -B1 -E '^\s*--- SKIP' "$log" || true
[ "$status" -eq 0 ] || grep -v -E '^=== (RUN|PAUSE|CONT)|^\| |--- PASS' "$log" >&2
exit "$status"
