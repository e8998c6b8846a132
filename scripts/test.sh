#!/usr/bin/env bash
# All the tests there are. Drills that take long (kills, faults by the thousand) run once, in the plain pass; the other passes are -short.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/check.sh

# A pass prints what it skipped and why: a skipped test must not look like a passed one.
pass() {
  local name=$1 log
  shift
  echo "== $name: go test $* (at ${SECONDS} s)"
  log=$(mktemp)
  # check.sh has vetted everything already, once for each set of tags.
  if ! go test -v -vet=off "$@" ./... >"$log" 2>&1; then
    grep -E '^(---|===|    |FAIL|panic|ok)|Error' "$log" | grep -v -E '^=== (RUN|PAUSE|CONT)|^\s*--- PASS' | tail -n 200
    echo "== $name FAILED; the whole log: $log" >&2
    exit 1
  fi
  grep -E '^(ok|FAIL)' "$log" || true
  grep -A2 -E '^\s*--- SKIP' "$log" | grep -v -E '^(--|=== )' | grep -v '^\s*--- PASS' || true
  passed=$((passed + $(grep -c -E '^\s*--- PASS' "$log" || true)))
  skipped=$((skipped + $(grep -c -E '^\s*--- SKIP' "$log" || true)))
  rm -f "$log"
}

passed=0 skipped=0
pass plain -timeout 8m
pass race -race -short -timeout 8m
pass purego -tags purego -short -timeout 8m
GOMAXPROCS=1 pass "one processor" -short -timeout 8m
echo "took $SECONDS s"
echo "$passed passed, 0 failed, $skipped skipped"
